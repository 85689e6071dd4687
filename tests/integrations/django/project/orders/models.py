import uuid

from django.conf import settings
from django.db import models


class Order(models.Model):
    number = models.CharField(max_length=20, unique=True)
    customer = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True)
    state = models.CharField(max_length=20, default="open")

    def __str__(self):
        return f"order {self.number}"


class Payment(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    order = models.ForeignKey(Order, models.CASCADE)
    amount = models.IntegerField()


class Carrier(models.Model):
    name = models.CharField(max_length=20)
    open = models.BooleanField(default=True)

    def __str__(self):
        return self.name


class Archived(models.Model):
    number = models.CharField(max_length=20)
