"""The Celery application. Tasks are found in each room's `tasks.py`."""

import gc
import os
from typing import Any

from celery import Celery, Task
from celery.signals import worker_before_create_process

from classroom.people.trace import request_id

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


class TracedTask(Task[..., Any]):
    """Works under the id of the request that asked for it: in its logs, in its audit, in what it asks for itself."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the task. Called as a function it is a part of whoever calls it."""
        carried = (self.request.headers or {}).get("request_id")
        if not carried:
            return self.run(*args, **kwargs)
        token = request_id.set(carried)
        try:
            return self.run(*args, **kwargs)
        finally:
            request_id.reset(token)


class Application(Celery):
    """Sends each task with the id of the request that asks for it, by its name or by its function."""

    def send_task(self, name: str, *args: Any, **options: Any) -> Any:
        """Send it as Celery does."""
        if asked := request_id.get():
            options["headers"] = {**(options.get("headers") or {}), "request_id": asked}
        return super().send_task(name, *args, **options)


app = Application("classroom", task_cls=TracedTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_before_create_process.connect
def keep_shared(**_: object) -> None:
    """Leave what is loaded out of every later collection: a child that counted it would copy all its pages."""
    gc.collect()
    gc.freeze()
