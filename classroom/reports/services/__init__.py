"""Writes of reports: rollups, exports, reminders."""
