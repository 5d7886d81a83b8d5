"""The timetable of the installation itself."""

from __future__ import annotations

from procrastinate.contrib.django import app as queue


@queue.periodic(cron="* * * * *")
@queue.task(name="site.retry_stalled", queue="default", queueing_lock="site.retry_stalled")
async def retry_stalled(timestamp: int) -> None:
    """Once a minute: a job whose worker died (kill -9, power) runs again. Every verb is safe to run twice."""
    for stalled in await queue.job_manager.get_stalled_jobs():
        await queue.job_manager.retry_job(stalled)
