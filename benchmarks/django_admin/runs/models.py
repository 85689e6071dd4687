"""The same runs as in our journal: the same columns, and an index where a changelist orders and filters."""

from django.db import models

OUTCOMES = [(each, each) for each in ("succeeded", "refused", "failed", "declined", "withdrawn", "unknown")]


class Run(models.Model):
    """A run. JSON stays text, as in our journal."""

    at = models.DateTimeField(db_index=True)
    action = models.CharField(max_length=200, db_index=True)
    actor = models.CharField(max_length=200, null=True, db_index=True)
    status = models.CharField(max_length=20, choices=OUTCOMES, db_index=True)
    surface = models.CharField(max_length=20)
    environment = models.CharField(max_length=100)
    desk = models.CharField(max_length=100)
    requested_by = models.CharField(max_length=500, null=True)
    asked_by = models.CharField(max_length=200, null=True)
    ticket = models.CharField(max_length=500, null=True)
    reason = models.CharField(max_length=200, null=True)
    notes = models.TextField(null=True)
    digest = models.CharField(max_length=64, null=True)
    tags = models.TextField(null=True)
    subject = models.CharField(max_length=300, null=True)
    subjects = models.TextField(null=True)
    inputs = models.TextField(null=True)
    value = models.TextField(null=True)
    output = models.TextField(null=True)
    refusal = models.TextField(null=True)
    error = models.TextField(null=True)
    performing_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    process = models.IntegerField(null=True)

    def __str__(self) -> str:
        return f"{self.action} on {self.subject}"


class QuickRun(Run):
    """The same rows, for an admin that has turned the full count off."""

    class Meta:
        proxy = True
