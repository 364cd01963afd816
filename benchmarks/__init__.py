"""claif-git measured beside what people would keep conversations in instead. `make bench` runs all of it."""
