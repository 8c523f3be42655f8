# Descent in one image: `docker run descent` serves the API with its workers, `docker run descent worker` runs workers alone.

FROM python:3.13-slim AS build
ENV PIP_CONSTRAINT=/build/constraints.txt \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
RUN python -m venv --without-pip /opt/descent
COPY pyproject.toml constraints.txt ./
# The dependencies have a separate layer, because they change less often than the source.
RUN python -c "import tomllib; p = tomllib.load(open('pyproject.toml', 'rb'))['project']; print(*p['dependencies'], *p['optional-dependencies']['parquet'], sep='\n')" \
      >requirements.txt \
    && pip --python /opt/descent/bin/python install --requirement requirements.txt
COPY README.md LICENSE ./
COPY gd_engine gd_engine
COPY service service
RUN pip --python /opt/descent/bin/python install --no-deps .

FROM python:3.13-slim
LABEL org.opencontainers.image.title="Descent" \
      org.opencontainers.image.description="Gradient descent as a service: every step of θ, with the train and the test error" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.base.name="python:3.13-slim"
# A running container installs nothing, so pip is removed. The user is a number, so that Kubernetes can verify that it is not root.
RUN python -m pip uninstall --yes --root-user-action=ignore pip \
    && install --directory --owner=10001 --group=10001 --mode=0750 /data
COPY --from=build /opt/descent /opt/descent
# TMPDIR: uploads are spooled beside the database, because /tmp may be a tmpfs, where they count as memory.
# PYTHONSAFEPATH: Python imports no module from /data.
ENV PATH=/opt/descent/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONSAFEPATH=1 \
    PYTHONUNBUFFERED=1 \
    TMPDIR=/data \
    DESCENT_DATABASE_URL=sqlite:////data/descent.db \
    DESCENT_HOST=0.0.0.0
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.build_opener(u.ProxyHandler({})).open('http://127.0.0.1:' + os.environ.get('DESCENT_PORT', '8000') + '/readyz', timeout=4)"]
ENTRYPOINT ["descent"]
CMD ["serve"]
