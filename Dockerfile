# The service (and, by another entry point, the simulator). Two stages: what builds stays behind.
# No Docker engine has run this file in the project's own tests; they check that what it names exists.

FROM python:3.13-slim-bookworm AS build
WORKDIR /src
COPY requirements requirements
RUN python -m venv /opt/emon && python -m venv /opt/node \
 && /opt/emon/bin/pip install --no-cache-dir --require-hashes --no-deps --only-binary :all: -r requirements/run.txt \
 && /opt/node/bin/pip install --no-cache-dir --require-hashes --no-deps --only-binary :all: -r requirements/node.txt
COPY . .
RUN PATH=/opt/node/bin:$PATH /opt/emon/bin/python scripts/assets.py \
 && /opt/emon/bin/pip install --no-cache-dir --no-build-isolation --no-deps .

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --user-group --home-dir /var/lib/emon emon \
 && install -d -o emon -g emon -m 0700 /var/lib/emon
COPY --from=build /opt/emon /opt/emon
ENV PATH=/opt/emon/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    NUMBA_CACHE_DIR=/var/lib/emon/numba \
    EMON_DATA_DIR=/var/lib/emon
USER emon
WORKDIR /var/lib/emon
VOLUME /var/lib/emon
EXPOSE 8380
ENTRYPOINT ["emon"]
CMD ["run"]
