from django.contrib import admin
from django.urls import include, path
from orders.second import second

from firsthand.integrations.django import console_urls

urlpatterns = [
    path("admin/", admin.site.urls),
    path("support/", include("firsthand.integrations.django.urls")),
    path("back/office/", include((console_urls(second), "second"))),
]
