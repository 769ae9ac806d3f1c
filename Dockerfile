FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    GRADIO_ANALYTICS_ENABLED=False \
    HF_HUB_DISABLE_TELEMETRY=1 \
    PLAYGROUND_DATA_DIR=/data

WORKDIR /app

# No system packages: the wheels bring FFmpeg along.
COPY requirements.lock ./
RUN pip install --no-cache-dir --disable-pip-version-check --requirement requirements.lock

# Hugging Face Spaces run as user 1000; the data folder must be theirs before it becomes a volume.
RUN useradd --create-home --uid 1000 playground \
    && mkdir /data \
    && chown playground:playground /data

COPY playground/ ./playground/
COPY assets/ ./assets/

USER 1000
VOLUME /data
EXPOSE 7860

HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.build_opener(u.ProxyHandler({})).open('http://127.0.0.1:7860/healthz', timeout=4)"]

CMD ["python", "-m", "playground", "serve", "--host", "0.0.0.0", "--port", "7860"]
