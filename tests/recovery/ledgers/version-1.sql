BEGIN TRANSACTION;
CREATE TABLE job_events (
  job_id VARCHAR NOT NULL,
  seq INTEGER NOT NULL,
  at FLOAT NOT NULL,
  kind VARCHAR NOT NULL,
  data JSON NOT NULL,
  PRIMARY KEY (job_id, seq),
  FOREIGN KEY(job_id) REFERENCES jobs (id)
);
INSERT INTO "job_events" VALUES('yiNHPhGkdkZQINwyia6KLQ',1,1795176000.0,'created','{"state": "queued"}');
INSERT INTO "job_events" VALUES('yiNHPhGkdkZQINwyia6KLQ',2,1795176000.0,'moved','{"state": "submitting"}');
INSERT INTO "job_events" VALUES('yiNHPhGkdkZQINwyia6KLQ',3,1795176000.0,'receipt','{"state": "running"}');
INSERT INTO "job_events" VALUES('yiNHPhGkdkZQINwyia6KLQ',4,1795176016.406,'progress','{"progress": 0.0, "words": "rendering", "polls": 1}');
INSERT INTO "job_events" VALUES('yiNHPhGkdkZQINwyia6KLQ',5,1795176333.091,'moved','{"state": "downloading"}');
INSERT INTO "job_events" VALUES('yiNHPhGkdkZQINwyia6KLQ',6,1795176333.091,'saved','{"videos": [{"number": 1, "file": "yiNHPhGkdkZQINwyia6KLQ/1.mp4", "bytes": 6956, "seconds": 4.0, "width": 1280, "height": 720, "frames_per_second": 24.0, "has_audio": false}]}');
INSERT INTO "job_events" VALUES('yiNHPhGkdkZQINwyia6KLQ',7,1795176333.091,'moved','{"state": "succeeded"}');
INSERT INTO "job_events" VALUES('zVYXwpOeQPowYAdjp5fcAw',1,1795176333.091,'created','{"state": "queued"}');
INSERT INTO "job_events" VALUES('zVYXwpOeQPowYAdjp5fcAw',2,1795176333.091,'moved','{"state": "submitting"}');
INSERT INTO "job_events" VALUES('zVYXwpOeQPowYAdjp5fcAw',3,1795176333.091,'receipt','{"state": "running"}');
INSERT INTO "job_events" VALUES('zVYXwpOeQPowYAdjp5fcAw',4,1795176353.198,'progress','{"progress": 0.3, "words": "rendering", "polls": 1}');
CREATE TABLE jobs (
  id VARCHAR NOT NULL,
  owner VARCHAR NOT NULL,
  nonce VARCHAR,
  state VARCHAR NOT NULL,
  runner VARCHAR,
  credential VARCHAR NOT NULL,
  base_url VARCHAR NOT NULL,
  account JSON NOT NULL,
  provider VARCHAR NOT NULL,
  model VARCHAR NOT NULL,
  mode VARCHAR NOT NULL,
  request JSON NOT NULL,
  inputs JSON NOT NULL,
  operation JSON,
  remote JSON,
  videos JSON NOT NULL,
  notes JSON NOT NULL,
  failure JSON,
  charged VARCHAR NOT NULL,
  price_usd FLOAT,
  extended INTEGER NOT NULL,
  progress FLOAT,
  words VARCHAR,
  polls INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  created_at FLOAT NOT NULL,
  submitted_at FLOAT,
  finished_at FLOAT,
  cancel_requested BOOLEAN NOT NULL,
  overdue BOOLEAN NOT NULL,
  watch_until FLOAT,
  parked_from VARCHAR,
  seq INTEGER NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (owner, nonce),
  CONSTRAINT known_state CHECK (state IN ('queued', 'submitting', 'running', 'downloading', 'succeeded', 'failed', 'cancelled', 'uncertain', 'parked'))
);
INSERT INTO "jobs" VALUES('yiNHPhGkdkZQINwyia6KLQ','local',NULL,'succeeded','bde2403302300ce33d00642d','none','http://sandbox.localhost/v1','{}','sandbox','sandbox-preview','text-to-video','{"provider": "sandbox", "mode": "text-to-video", "model": "sandbox-preview", "prompt": "A paper boat drifts down a stream at dawn."}','{}','{"version": 1, "id": "0ee511ba3ac0025f702f81b8970f6f1e", "extra": {}}','[{"url": "/files/0ee511ba3ac0025f702f81b8970f6f1e/1.mp4?expires=1795179933&token=80167611c327a43a33be76203ff1f2ab57a2d642c32c38255ec76e5ac7a019c0", "with_credential": false, "otherwise": null, "may_be_none": false}]','[{"number": 1, "file": "yiNHPhGkdkZQINwyia6KLQ/1.mp4", "bytes": 6956, "seconds": 4.0, "width": 1280, "height": 720, "frames_per_second": 24.0, "has_audio": false}]','["The video is 4.0 s long; 8 s were expected.", "The video has no sound, although it was asked for."]',NULL,'no',0.0,0,0.5,NULL,18,1,1795176000.0,1795176000.0,1795176333.091,0,0,1795176600.0,NULL,7);
INSERT INTO "jobs" VALUES('zVYXwpOeQPowYAdjp5fcAw','local',NULL,'running','bde2403302300ce33d00642d','none','http://sandbox.localhost/v1','{}','sandbox','sandbox-preview','text-to-video','{"provider": "sandbox", "mode": "text-to-video", "model": "sandbox-preview", "prompt": "A boat [sandbox:never-ends]."}','{}','{"version": 1, "id": "94179a1eff3c6af818430763783ec773", "extra": {}}',NULL,'[]','[]',NULL,'no',0.0,0,0.3,'rendering',1,1,1795176333.091,1795176333.091,NULL,0,0,1795176933.091,NULL,4);
CREATE INDEX ix_jobs_owner_created ON jobs (owner, created_at);
CREATE INDEX ix_jobs_state_runner ON jobs (state, runner);
COMMIT;
