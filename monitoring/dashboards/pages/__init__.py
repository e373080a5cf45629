"""The dashboards, one file each: what is asked, and what people have to know to read it."""
