"""The policy: does it contradict itself, or the lens?"""

from __future__ import annotations

from collections.abc import Iterator

from firstshift.spec.finding import Finding, note, warning
from firstshift.spec.optics import optics_of, usual_distance_share
from firstshift.spec.plan import Plan
from firstshift.spec.policy import Policy, RetentionRule

LOW_CONFIDENCE = 0.80
MANY_DEFECTS = 3000
MOST_BLUR_PX = 1.05
"""One pixel still counts as sharp."""


def check_policy(policy: Policy) -> Iterator[Finding]:
    if policy.routing.automatic_from < LOW_CONFIDENCE:
        text = f"decides by itself at a confidence of {policy.routing.automatic_from:g}"
        yield warning("policy.routing.automatic_from", text, "0.95 is usual")
    yield from _certificate(policy)
    yield from _retention(policy)
    if len(policy.labels.levels) == 1:
        yield note("policy.labels.levels", "one level only: nobody decides when people disagree", "add an expert")
    if policy.labels.audit == 0:
        yield note("policy.labels.audit", "no label is ever repeated: a systematic error stays unseen", "0.05 is usual")
    if policy.synthetic_share and policy.synthetic_share[0].day == 0 and policy.synthetic_share[0].share < 1:
        text = f"{policy.synthetic_share[0].share:g} synthetic images on day 0, when there are hardly any others"
        yield note("policy.synthetic_share[0].share", text, "1.0 unless real images exist already")


def check_distance(plan: Plan) -> Iterator[Finding]:
    """A distance that the plan asks for is drawn, and may be far out of focus. Raises BadInput as `optics_of` does."""
    share, station = plan.policy.randomisation.distance, plan.station
    usual = usual_distance_share(station)
    if share is None or share <= usual:
        return
    optics, upper = optics_of(station), station.working_distance_mm
    blur_px = max(optics.confusion_px(upper * (1 + side * share)) for side in (-1, 1))
    if blur_px > MOST_BLUR_PX:
        text = f"±{share:.3g} of {upper:g} mm is ±{share * upper:.3g} mm: up to {blur_px:.2g} pixels of blur"
        way_out = f"leave it out for ±{usual:.2g}, which stays in focus, or stop the lens down"
        yield warning("policy.randomisation.distance", text, way_out)


def _certificate(policy: Policy) -> Iterator[Finding]:
    wanted = policy.certificate
    if wanted is None:
        return
    if wanted.defects_needed > MANY_DEFECTS:
        text = f"needs {wanted.defects_needed:,} real defects without a single miss"
        yield warning("policy.certificate.missed_at_most", text, "0.01 at a confidence of 0.95 needs 299")
    else:
        text = f"needs {wanted.defects_needed} real, randomly drawn defects without a single miss"
        yield note("policy.certificate.missed_at_most", text + (", of each class" if wanted.per_class else ""))
    if policy.phases.parallel_hours == 0 and policy.phases.spot_check == 0:
        text = "nobody ever looks at automatic decisions, so no proof can come about"
        yield warning("policy.phases.spot_check", text, "give parallel_hours or a spot check")
    elif policy.phases.spot_check == 0:
        text = "no spot checks: after the parallel phase the certificate gets no new evidence"
        yield warning("policy.phases.spot_check", text, "0.02 is usual")
    for kind, why in (("certificate", "the proof rests on"), ("golden", "every version is tested on")):
        if kind not in policy.retention.keep_forever and policy.retention.rules:
            text = f"a rule may remove the {kind} images, which {why}"
            yield warning("policy.retention.keep_forever", text, f"add {kind}")


def _retention(policy: Policy) -> Iterator[Finding]:
    seen: list[RetentionRule] = []
    for index, rule in enumerate(policy.retention.rules):
        path = f"policy.retention.rules[{index}]"
        covering = [i for i, earlier in enumerate(seen) if _covers(earlier, rule)]
        if covering:
            text = f"never reached: rule {covering[0]} fits the same images"
            yield warning(path, text, "put the narrower rule first")
        if rule.route in policy.retention.keep_forever:
            yield warning(
                f"{path}.route", f"{rule.route} images are kept for ever as well", "decide for one of the two"
            )
        fits_real = rule.origin in (None, "real") and rule.route in (None, "pass")
        if fits_real and rule.keep_days * 24 < policy.phases.parallel_hours:
            hours = policy.phases.parallel_hours
            text = f"images go after {rule.keep_days} days, before the parallel phase ({hours:g} h) ends"
            yield warning(f"{path}.keep_days", text, "keep them at least until they have been compared")
        seen.append(rule)
    if policy.retention.rules and "training" not in policy.retention.keep_forever:
        text = "a rule may remove training images: a version could not be trained again"
        yield warning("policy.retention.keep_forever", text, "add training")


def _covers(earlier: RetentionRule, later: RetentionRule) -> bool:
    return earlier.route in (None, later.route) and earlier.origin in (None, later.origin)
