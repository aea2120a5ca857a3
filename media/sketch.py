"""What can be begun before anybody has looked at a source: a picture that is copied, and the sound. Pure."""

from dataclasses import replace

from media.facts import Facts
from media.plan import Look, Options, Plan, make_plan


def draw(facts: Facts, options: Options | None = None) -> Plan | None:
    """Return what is made of a source whatever a look at it would show, or None where all depends on the look.

    A picture that can be copied, and the sound, need no look: who waits to watch need not wait for it either.
    The pieces are those of the whole plan; `complete` says what is made of them below the copy.
    """
    plan = make_plan(facts, Look(), options)
    if not plan.rungs[0].is_copy:
        return None
    why = tuple(code for code in plan.why if not code.startswith("content_") and code != "half_rate")
    return replace(plan, content="", rungs=plan.rungs[:1], why=why, is_sketch=True)


def complete(begun: Plan, facts: Facts, look: Look, options: Options) -> Plan:
    """Return the plan that a sketch becomes with a look. What is begun stays, whatever was set by hand since."""
    whole = make_plan(
        facts, look, replace(options, may_copy=True, max_height=max(options.max_height, Options.max_height))
    )
    return replace(begun, content=whole.content, rungs=whole.rungs, why=whole.why, is_sketch=False)
