"""AV1 beside H.264: the same qualities once more, for the devices that play it. Pure.

Whatever cannot play AV1 passes those renditions over by their CODECS; H.264 stays for every device.
"""

from dataclasses import replace

from media.plan import Plan, Rung

ENCODER = "libsvtav1"
CODEC = "av1"
# The encoder takes nothing smaller.
_LEAST_SIDE = 64
# SVT-AV1 counts to 63 where x264 counts to 51; so far apart they look alike on lectures.
_CRF_APART = 16
# What AV1 may use at most, of the bits that H.264 may.
_BITS = 0.7


def beside(plan: Plan, *, can_encode: bool) -> Plan:
    """Return the plan with an AV1 twin after each rung, or with the reason why there is none.

    The twins have a rhythm of their own where the top rung is copied: its keyframes are the camera's.
    """
    if not can_encode:
        return replace(plan, why=(*plan.why, "no_av1"))
    rungs: list[Rung] = []
    for rung in plan.rungs:
        rungs.append(rung)
        if min(rung.width, rung.height) >= _LEAST_SIDE:
            rungs.append(_twin(rung))
    if len(rungs) == len(plan.rungs):
        return plan
    return replace(plan, rungs=tuple(rungs), why=(*plan.why, "with_av1"))


def _twin(rung: Rung) -> Rung:
    return replace(
        rung,
        name=f"{rung.name}-av1",
        codec=CODEC,
        crf=rung.crf + _CRF_APART,
        max_kbps=round(rung.max_kbps * _BITS),
        is_copy=False,
    )
