"""containers.py DEPLOY_FOLDER OVERLAY_FOLDER DEB: see containers.sh, which starts it."""
import json
import os
import re
import shlex
import subprocess
import sys
import time
import urllib.request

import yaml

deploy, overlay, deb = sys.argv[1:]
root = overlay + "/root"


def sh(command, **more):
    return subprocess.run(["bash", "-c", command], check=True, **more)


def mount_root():
    """This machine's root below an overlay, with the package installed and the loopback up."""
    try:
        sh(f"""set -e
        mount --make-rprivate /
        mount -t tmpfs tmpfs {overlay}
        mkdir {overlay}/upper {overlay}/work {root}
        mount -t overlay overlay -o lowerdir=/,upperdir={overlay}/upper,workdir={overlay}/work {root}
        mount -t proc proc {root}/proc
        mount --rbind /dev {root}/dev
        mount -t tmpfs -o mode=1777 tmpfs {root}/tmp
        mount -t proc proc /proc""")
    except subprocess.CalledProcessError:
        print("skipped: no overlay can be mounted here")
        sys.exit(77)
    sh(f"cp {deb} {root}/tocsin.deb && chroot {root} dpkg -i /tocsin.deb >/dev/null")
    import fcntl
    import socket
    import struct
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        flags = struct.unpack("16sH14s", fcntl.ioctl(s, 0x8913, struct.pack("16sH14s", b"lo", 0, b"")))[1]
        fcntl.ioctl(s, 0x8914, struct.pack("16sH14s", b"lo", flags | 1, b""))


def get(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def eventually(what, condition, seconds=20):
    for _ in range(seconds * 10):
        if condition():
            return
        time.sleep(0.1)
    sys.exit(f"did not happen: {what}")


def inside(argv, user, group, **more):
    """Starts argv below the root as a container runtime would: that user, no privileges."""
    command = ["chroot", root, "setpriv", "--reuid", str(user), "--regid", str(group), "--clear-groups",
               "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", "--"] + argv
    return subprocess.Popen(command, **more)


def stop(process):
    process.terminate()
    if process.wait(timeout=10) != 0:
        sys.exit(f"ended with {process.returncode}")


def docker():
    text = open(deploy + "/docker/Dockerfile").read().replace("\\\n", "")
    stage = text[text.rindex("\nFROM "):]
    keys = dict(re.findall(r"^(USER|ENTRYPOINT|CMD|EXPOSE|VOLUME|HEALTHCHECK.*?CMD) (.*)$", stage, re.M))
    check = json.loads(next(value for key, value in keys.items() if key.startswith("HEALTHCHECK")))
    user = keys["USER"]
    assert user not in ("root", "0"), "the image runs as root"
    argv = json.loads(keys["ENTRYPOINT"]) + json.loads(keys["CMD"])
    ids = [int(sh(f"chroot {root} id {flag} {user}", capture_output=True, text=True).stdout) for flag in ("-u", "-g")]
    log = open(overlay + "/docker.log", "w+")
    process = inside(argv, *ids, stdout=log, stderr=log)
    healthy = lambda: inside(check, *ids, stderr=subprocess.DEVNULL).wait() == 0
    port = int(keys["EXPOSE"])
    eventually("docker: healthy", healthy)
    eventually("docker: ready", lambda: get(port, "/-/ready") == 200)
    assert get(port, "/metrics") == 200
    assert get(port, "/api/v1/query?query=1") == 403, "without credentials nothing else is served"
    assert os.path.exists(root + keys["VOLUME"] + "/tocsin.db")
    stop(process)
    eventually("docker: the check fails once it is gone", lambda: not healthy(), 5)
    print("Dockerfile: " + shlex.join(argv) + " runs as " + user + ", its health check works")


def strictly_decoded(manifests):
    """With kubectl at hand: every key is one that Kubernetes' types know."""
    def keys(value, path=""):
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from keys(inner, f"{path}.{key}")
        elif isinstance(value, list):
            for i, inner in enumerate(value):
                yield from keys(inner, f"{path}[{i}]")
        else:
            yield path
    for manifest in manifests:
        if manifest["kind"] != "Deployment":
            continue
        ran = subprocess.run(["kubectl", "set", "env", "--local", "-f", "-", "-o", "json", "PROBE=1"],
                             input=json.dumps(manifest), capture_output=True, text=True)
        if ran.returncode != 0:
            sys.exit("kubectl: " + ran.stderr)
        lost = set(keys(manifest)) - set(keys(json.loads(ran.stdout)))
        assert not lost, f"not known to Kubernetes: {sorted(lost)}"
    print("Kubernetes' own types know every key")


def kubernetes():
    manifests = list(yaml.safe_load_all(open(deploy + "/kubernetes/sidecar.yaml")))
    config = next(m for m in manifests if m["kind"] == "ConfigMap")
    pod = next(m for m in manifests if m["kind"] == "Deployment")["spec"]["template"]["spec"]
    container = next(c for c in pod["containers"] if c["name"] == "tocsin")
    assert len(pod["containers"]) > 1, "a sidecar stands beside a workload"
    secure = container["securityContext"]
    assert secure["readOnlyRootFilesystem"] and secure["runAsNonRoot"]
    assert secure["allowPrivilegeEscalation"] is False and secure["capabilities"]["drop"] == ["ALL"]
    assert container["resources"]["limits"] == {"cpu": "50m", "memory": "64Mi"}
    assert container["livenessProbe"]["httpGet"]["path"] == "/-/healthy"
    assert container["readinessProbe"]["httpGet"]["path"] == "/-/ready"
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    user, group = pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsGroup"]
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    for mounted in container["volumeMounts"]:
        volume, target = volumes[mounted["name"]], root + mounted["mountPath"]
        sh(f"mkdir -p {target} && mount -t tmpfs -o mode=0755,uid={user} tmpfs {target}")
        if "configMap" in volume:
            assert volume["configMap"]["name"] == config["metadata"]["name"]
            # As the kubelet lays it out: links to a folder that it exchanges at once.
            os.mkdir(target + "/..data")
            for name, text in config["data"].items():
                open(f"{target}/..data/{name}", "w").write(text)
                os.symlink(f"..data/{name}", f"{target}/{name}")
            sh(f"mount -o remount,ro {target}")
    sh(f"mount -o remount,ro {root}")
    log = open(overlay + "/pod.log", "w+")
    process = inside(["/usr/bin/tocsin"] + container["args"], user, group, stdout=log, stderr=log)
    for kind in ("livenessProbe", "readinessProbe"):
        probe = container[kind]["httpGet"]
        eventually(f"kubernetes: {kind}", lambda: get(ports[probe["port"]], probe["path"]) == 200)
    assert get(ports["tocsin"], "/api/v1/rules") == 403
    time.sleep(10)
    status = open(f"/proc/{process.pid}/status").read()
    peak = int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) // 1024
    assert re.search(r"CapEff:\s+0+$", status, re.M)
    assert peak < 64, f"{peak} MiB are more than the pod may have"
    ticks = sum(map(int, open(f"/proc/{process.pid}/stat").read().rsplit(")")[-1].split()[11:13]))
    stop(process)
    print(f"Kubernetes: runs as {user} on a read-only root, both probes answer, peak {peak} MiB, "
          f"{ticks * 10} ms of CPU in ten seconds")
    if subprocess.run(["bash", "-c", "command -v kubectl"], capture_output=True).returncode == 0:
        strictly_decoded(manifests)


mount_root()
docker()
kubernetes()
