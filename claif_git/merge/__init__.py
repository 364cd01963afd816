"""Uniting two histories: branches, merges of trees, and the strategies by which sessions are merged."""
