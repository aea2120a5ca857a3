"""The same act so many times at the same moment, each with a connection of its own."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection


def at_once(act: Callable[[int], Any], times: int = 4, *, refusals: tuple[type[Exception], ...]) -> list[str]:
    """Return what came of each, sorted: `ok`, or the name of the refusal. Any other error is raised."""
    start, answers, failed = threading.Barrier(times), [], []

    def run(number: int) -> None:
        try:
            start.wait(20)
            act(number)
            answers.append("ok")
        except refusals as error:
            answers.append(type(error).__name__)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    return sorted(answers)
