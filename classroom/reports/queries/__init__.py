"""Reads of reports: facts that are counted, rollups that pages show, evidence of one person."""
