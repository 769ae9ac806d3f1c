"""What is counted for an operator's Prometheus. Labels are words of ours and stems: no prompt, owner or key."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

JOB_SECONDS: Final = (5, 10, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1_200, 3_600)
ANSWER_SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900)


class Metrics:
    """The counters of one process, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self.moves = self._counter("playground_job_moves", "Jobs that reached a state.", "provider", "state", "ending")
        self.creates = self._counter("playground_creates", "Creates sent, by what came back.", "provider", "answer")
        self.refusals = self._counter("playground_refusals", "Requests refused before anything was sent.", "code")
        self.saved_bytes = self._counter("playground_saved_bytes", "Bytes of saved videos.", "provider")
        self.swept_bytes = self._counter("playground_swept_bytes", "Bytes removed to keep to the limits.", "why")
        self.seconds = Histogram(
            "playground_job_seconds",
            "From the create that was taken to the last saved video.",
            ("provider",),
            buckets=JOB_SECONDS,
            registry=self._registry,
        )
        self.answer_seconds = Histogram(
            "playground_provider_answer_seconds",
            "How long a provider took to answer.",
            ("provider", "call", "answer"),
            buckets=ANSWER_SECONDS,
            registry=self._registry,
        )

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(name, about, labels, registry=self._registry)

    def text(self, in_flight: Mapping[tuple[str, str], int], disk: Mapping[tuple[str, str], float]) -> bytes:
        """Everything as Prometheus reads it, with the jobs in flight (by provider and state), as the ledger has them,

        and the bytes of each folder (by folder and `free`, `total` or `used`).
        """
        now = CollectorRegistry()
        now.register(_Gauges(in_flight, disk))
        return generate_latest(self._registry) + generate_latest(now)


class _Gauges(Collector):
    """Figures that are looked up when somebody asks."""

    def __init__(self, in_flight: Mapping[tuple[str, str], int], disk: Mapping[tuple[str, str], float]) -> None:
        self._in_flight = in_flight
        self._disk = disk

    def collect(self) -> Iterable[Metric]:
        """The gauges."""
        yield _gauge("playground_jobs", "Jobs that have not ended.", ("provider", "state"), self._in_flight)
        yield _gauge("playground_disk_bytes", "Bytes of the disks that hold our folders.", ("folder", "of"), self._disk)

    def describe(self) -> Iterator[Metric]:
        """Nothing is known before somebody asks."""
        return iter(())


def _gauge(name: str, about: str, labels: tuple[str, str], values: Mapping[tuple[str, str], float]) -> Metric:
    gauge = GaugeMetricFamily(name, about, labels=labels)
    for each, value in sorted(values.items()):
        gauge.add_metric(each, value)
    return gauge
