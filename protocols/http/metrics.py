"""Figures as Prometheus reads them, from a callable asked at each scrape; no global registry.

Source: Prometheus text exposition format 0.0.4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from attrs import field, frozen
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@frozen
class Sample:
    """One figure now. A name carries its unit (`_seconds`, `_bytes`); counters only ever grow, and
    get `_total` behind their name. `labels` have few values: no ids of people, orders or items."""

    name: str
    words: str
    value: int | float
    counts: bool = False
    labels: dict[str, str] = field(factory=dict)


class _Collector:
    """Samples as metric families; those of one name belong together."""

    def __init__(self, samples: Callable[[], list[Sample]]) -> None:
        self._samples = samples

    def collect(self) -> Iterator[Metric]:
        families: dict[str, GaugeMetricFamily | CounterMetricFamily] = {}
        for sample in self._samples():
            family = families.get(sample.name)
            if family is None:
                kind = CounterMetricFamily if sample.counts else GaugeMetricFamily
                family = kind(sample.name, sample.words, labels=sorted(sample.labels))
                families[sample.name] = family
            values = [sample.labels[name] for name in sorted(sample.labels)]
            family.add_metric(values, sample.value)
        yield from families.values()


def make_registry(samples: Callable[[], list[Sample]]) -> CollectorRegistry:
    """A registry of this store's own samples and nothing else."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(samples))
    return registry


def exposition(registry: CollectorRegistry) -> bytes:
    """What a scrape is answered."""
    return generate_latest(registry)
