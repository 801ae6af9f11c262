"""What a calibration finds on its way: measured, bounded by the pictures, or kept at the usual value; and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from firstshift.sensor.profile import Estimated, SensorProfile


@dataclass(slots=True)
class Notes:
    """Values for the profile, their intervals, and what a person should know."""

    usual: SensorProfile
    values: dict[str, Any] = field(default_factory=dict)
    estimates: list[Estimated] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def measured(self, name: str, value: float, half: float, how: str, low: float | None = None) -> None:
        self.values[name] = value
        below = max(0.0, value - half) if low is None else low
        self.estimates.append(Estimated(name=name, value=value, low=below, high=value + half, measured=True, how=how))

    def kept(self, name: str, why: str) -> None:
        self.estimates.append(Estimated(name=name, value=float(getattr(self.usual, name)), measured=False, how=why))
        self.warnings.append(f"{name} is the usual value, not measured: {why}")

    def bounded(self, name: str, ends: tuple[float, float], why: str, source: str) -> float:
        """The usual value, moved only as far as the pictures demand: to the nearer of `ends` if it lies beyond them."""
        usual = float(getattr(self.usual, name))
        value = min(max(usual, ends[0]), ends[1])
        if value == usual:
            self.kept(name, why)
            return usual
        bound = f"at {'most' if value < usual else 'least'} {value:.3g}"
        self.values[name] = value
        self.estimates.append(
            Estimated(name=name, value=value, low=ends[0], high=None if ends[1] == float("inf") else ends[1],
                      measured=False, how=f"{why}; {bound} {source}")
        )  # fmt: skip
        self.warnings.append(f"{name} is the usual value, moved to what the pictures allow, {bound} {source}: {why}")
        return value

    def value(self, name: str) -> float:
        """As found, or else as usual."""
        return float(self.values.get(name, getattr(self.usual, name)))
