"""The page: Gradio is only the view. It asks `jobs.service` and draws; jobs live outside it."""
