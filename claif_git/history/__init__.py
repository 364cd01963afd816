"""One session's commits and trees: what it shows at a commit, and how a change becomes the next one."""
