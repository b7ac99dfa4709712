"""Pages for people under /ui: HTML without scripts, in English and Japanese, from the release and the tasks."""
