# What the guide for releases finds: options of the server, and two releases. Needs $ROOT, $RELEASE, $NEWER.
release() {  # FOLDER NAME
  mkdir -p "$1/bin" "$1/share/upcall/web/agent-app" "$1/share/upcall/web/demo-website"
  for program in upcall upcall-recorder upcall-attendee; do ln -s "$(command -v "$program")" "$1/bin/$program"; done
  for page in agent-app/index.html demo-website/index.html demo-website/demo-website.html; do
    echo "<!doctype html><title>$2</title>" > "$1/share/upcall/web/$page"
  done
  printf '{"name":"%s"}\n' "$2" > "$1/release.json"
}
free() { python3 -c 'import socket,sys; s=socket.socket(socket.AF_INET, getattr(socket, sys.argv[1])); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])' "$1"; }
release "$RELEASE" 1.0
release "$NEWER" 2.0
mkdir -p "$ROOT"
printf 'listen="127.0.0.1:%s"\nmedia-address="127.0.0.1"\nmedia-port=%s\nlog-file="%s"\n' \
  "$(free SOCK_STREAM)" "$(free SOCK_DGRAM)" "$ROOT.log" > "$ROOT/serve.conf"
