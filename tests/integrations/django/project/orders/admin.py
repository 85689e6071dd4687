from django.contrib import admin

from orders.models import Archived, Carrier, Order, Payment


@admin.action(description="Mark %(verbose_name_plural)s as paid")
def mark_paid(modeladmin, request, queryset):
    count = queryset.update(state="paid")
    modeladmin.message_user(request, f"{count} paid by {request.user.get_username()}")


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):
    search_fields = ["number", "customer__username"]
    actions = [mark_paid, "ship"]

    def ship(self, request, queryset):
        """Ship."""
        queryset.update(state="shipped")


@admin.register(Payment, Archived)
class NumberedAdmin(admin.ModelAdmin):
    search_fields = ["pk"]


admin.site.register(Carrier)
