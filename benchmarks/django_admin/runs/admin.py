"""A changelist that shows what a line of our feed shows, and an action on a run that is on record."""

from django.contrib import admin

from .models import QuickRun, Run


@admin.register(Run)
class RunAdmin(admin.ModelAdmin):
    list_display = ("at", "actor", "action", "subject", "requested_by", "reason", "notes", "status", "surface")
    list_filter = ("status",)
    list_per_page = 50
    ordering = ("-at",)
    actions = ("note",)

    @admin.action(description="Note something")
    def note(self, request, queryset):
        """Change each run that was chosen, and write it into the admin's log."""
        for run in queryset:
            run.notes = "Noted."
            run.save(update_fields=["notes"])
            self.log_change(request, run, "Noted.")
        self.message_user(request, "Noted.")


@admin.register(QuickRun)
class QuickRunAdmin(RunAdmin):
    show_full_result_count = False
