# What the guide for the pipeline finds: a server that runs, and a clone of a product whose pipeline is short. Needs $DATA, $SOURCE.
upcall serve --data-dir "$DATA" --listen 127.0.0.1:0 --media-address 127.0.0.1 --media-port "$MEDIA_PORT" > "$DATA.ready" &
SERVER=$!
trap 'kill $SERVER && wait $SERVER' EXIT
until grep -qs '^ready ' "$DATA.ready"; do kill -0 $SERVER; sleep 0.1; done
git init -q "$SOURCE"
mkdir -p "$SOURCE/deploy/pipeline"
printf '%s\n' '{"version": 1, "stages": [{"name": "BuildAndTest", "commands": ["echo built $UPCALL_COMMIT for $UPCALL_STAGE"]}]}' \
  > "$SOURCE/deploy/pipeline/pipeline.json"
git -C "$SOURCE" add .
git -C "$SOURCE" -c user.name=Ann -c user.email=ann@example.com commit -qm 'A product'
