"""What the operator sets: a value that cannot be understood is named, with what it takes."""

from pathlib import Path

import pytest

from playground.settings import SettingsError, load_settings


def test_the_home_folder_may_be_written_with_a_tilde(tmp_path: Path) -> None:
    folders = {"PLAYGROUND_MEDIA_URL": "~/videos", "PLAYGROUND_CATALOG_DIR": "~/tables", "HOME": str(tmp_path)}
    settings = load_settings({**folders, "PLAYGROUND_DATA_DIR": "~"})
    assert (settings.data_dir, settings.media_dir) == (tmp_path, tmp_path / "videos")
    assert settings.catalog_dir == tmp_path / "tables"
    assert load_settings(folders, data_dir=Path("~/data")).data_dir == tmp_path / "data"
    as_url = load_settings({**folders, "PLAYGROUND_MEDIA_URL": "file://~/videos"})
    assert as_url.media_dir == tmp_path / "videos"


@pytest.mark.parametrize("value", ["de", "EU", "UK", " Fr "])
def test_a_region_is_two_letters(value: str) -> None:
    assert load_settings({"PLAYGROUND_REGION": value}).region == value.strip().upper()


@pytest.mark.parametrize("value", ["localhost:8000", "10.0.0.1:80, files.lan:8443,", "[fd00::1]:8080"])
def test_private_hosts_come_with_their_port(value: str) -> None:
    hosts = load_settings({"PLAYGROUND_ALLOW_PRIVATE_HOSTS": value}).allow_private_hosts
    assert hosts == {host.strip() for host in value.split(",") if host}


@pytest.mark.parametrize(
    ("name", "value", "takes"),
    [
        ("PLAYGROUND_REGION", "Germany", "the two letters of a country"),
        ("PLAYGROUND_REGION", "D1", "the two letters of a country"),
        ("PLAYGROUND_ALLOW_PRIVATE_HOSTS", "localhost", "hosts with their ports"),
        ("PLAYGROUND_ALLOW_PRIVATE_HOSTS", "localhost:80,http://files.lan:80", "hosts with their ports"),
        ("PLAYGROUND_ALLOW_PRIVATE_HOSTS", "localhost:0", "hosts with their ports"),
        ("PLAYGROUND_ALLOW_PRIVATE_HOSTS", "localhost:70000", "hosts with their ports"),
        ("PLAYGROUND_POLL_SECONDS", "often", "a number of seconds above 0"),
        ("PLAYGROUND_POLL_SECONDS", "0", "a number of seconds above 0"),
        ("PLAYGROUND_POLL_SECONDS", "inf", "a number of seconds above 0"),
        ("PLAYGROUND_ALLOW_RETIRED", "perhaps", "on or off"),
        ("PLAYGROUND_MEDIA_URL", "s3://bucket", "a folder"),
        ("PLAYGROUND_PUBLIC", "perhaps", "on or off"),
        ("PLAYGROUND_BUDGET_USD_PER_DAY", "-1", "an amount in US dollars"),
        ("PLAYGROUND_KEEP_DAYS", "0", "a number of days above 0"),
        ("PLAYGROUND_DISK_QUOTA_GB", "much", "a number of gigabytes above 0"),
        ("PLAYGROUND_DRAIN_SECONDS", "-1", "a number of seconds"),
        ("PLAYGROUND_LOG_FORMAT", "xml", "json or text"),
    ],
)
def test_what_cannot_be_understood_is_named_with_what_it_takes(name: str, value: str, takes: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings({name: value})
    assert str(refused.value).startswith(f"{name} cannot be read: it takes {takes}")
    assert str(refused.value).endswith(f", not {value!r}.")


def test_a_secret_is_neither_shown_back_nor_in_a_repr() -> None:
    with pytest.raises(SettingsError, match="at least 22 characters") as refused:
        load_settings({"PLAYGROUND_METRICS_TOKEN": "short-secret"})
    assert "short-secret" not in str(refused.value)
    assert "long-secret" not in repr(load_settings({"PLAYGROUND_METRICS_TOKEN": "long-secret" * 3}))


def test_a_space_is_public_unless_its_operator_says_otherwise() -> None:
    assert not load_settings({}).public
    assert load_settings({"SPACE_ID": "somebody/veo"}).public
    assert not load_settings({"SPACE_ID": "somebody/veo", "PLAYGROUND_PUBLIC": "off"}).public


def test_keys_are_not_lent_without_a_budget() -> None:
    lent = {"PLAYGROUND_PUBLIC": "1", "PLAYGROUND_SHARE_KEYS": "1"}
    with pytest.raises(SettingsError, match="PLAYGROUND_BUDGET_USD_PER_DAY"):
        load_settings(lent)
    assert load_settings({**lent, "PLAYGROUND_BUDGET_USD_PER_DAY": "20"}).budget_usd_per_day == 20


def test_a_file_of_settings_that_is_no_text_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_bytes(b"PLAYGROUND_REGION=\xff\xfe")
    with pytest.raises(SettingsError, match=r"\.env"):
        load_settings()


def test_googles_own_files_are_where_they_are_named_or_below_the_home_folder(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path)}
    plain = load_settings(home)
    assert plain.google_application_credentials is None
    assert plain.gcloud_file == tmp_path / ".config/gcloud/application_default_credentials.json"
    named = load_settings({**home, "GOOGLE_APPLICATION_CREDENTIALS": "~/us.json", "CLOUDSDK_CONFIG": "/etc/gcloud"})
    assert named.google_application_credentials == tmp_path / "us.json"
    assert named.gcloud_file == Path("/etc/gcloud/application_default_credentials.json")


def test_strangers_are_limited_unless_the_operator_says_otherwise() -> None:
    def limits(**environment: str) -> tuple[int, int, int, int, int, bool]:
        found = load_settings({"HOME": "/home/anna", **environment})
        at_once, a_minute = found.jobs_at_once, found.creates_per_minute
        brought = found.uploads_per_hour, found.upload_megabytes
        return at_once, a_minute, *brought, found.questions_per_minute, found.behind_proxy

    assert limits() == (0, 0, 0, 0, 0, False)
    assert limits(PLAYGROUND_PUBLIC="on") == (3, 6, 60, 500, 600, False)
    assert limits(SPACE_ID="anna/veo") == (3, 6, 60, 500, 600, True)
    assert limits(SPACE_ID="anna/veo", PLAYGROUND_PUBLIC="off", PLAYGROUND_BEHIND_PROXY="off") == (0, 0, 0, 0, 0, False)
    assert limits(PLAYGROUND_PUBLIC="on", PLAYGROUND_JOBS_AT_ONCE="0") == (0, 6, 60, 500, 600, False)
    with pytest.raises(SettingsError, match="PLAYGROUND_UPLOADS_PER_HOUR cannot be read: it takes a whole number"):
        load_settings({"HOME": "/home/anna", "PLAYGROUND_UPLOADS_PER_HOUR": "many"})


def test_people_are_named_with_the_hashes_of_their_passwords() -> None:
    kept = "$2b$12$aJe7rgH7o9l.VcdQO6Fn7OBkQC.CG8zaSfwkHojxZ4KvpYa2diB3u"
    for written in (f"anna:{kept} ben:{kept}", f"anna:{kept},ben:{kept},", f"\nanna:{kept}\n ben:{kept}\n"):
        settings = load_settings({"PLAYGROUND_USERS": written})
        assert settings.users == {"anna": kept, "ben": kept}
        assert kept not in repr(settings)
    for wrong in ("anna", "anna:secret", f"anna:{kept[:-1]}", f"anna:{kept} ben", f"anna:{kept} anna:{kept}", ","):
        with pytest.raises(SettingsError, match=r"PLAYGROUND_USERS cannot be read: it takes names with bcrypt") as said:
            load_settings({"PLAYGROUND_USERS": wrong})
        assert "anna:s" not in str(said.value)
        assert kept[:-1] not in str(said.value)
