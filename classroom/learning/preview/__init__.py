"""The preview: a draft as a learner will meet it, for whoever may edit or review it. Nothing in it is recorded.

Pages and player are the learner's own. What they read of an enrolment and an edition are rows that are made
in memory and never saved; what a viewing needs between two reports lies in the cache, under the person's own
key, and is forgotten. Nothing here may write a row: tests count them.
"""
