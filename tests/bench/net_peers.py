"""Other people's programs in the same row of namespaces, where Debian has them installed."""
import json, pathlib, shutil, subprocess, time


def wireguard(world, seconds):
    """One wireguard-go tunnel inside the other, to each relay; the last relay forwards to the server."""
    spaces, last = world.spaces, len(world.spaces) - 1
    for k in range(1, last):
        names = f"wgb{k}a", f"wgb{k}b"  # their control sockets share one folder
        keys = [subprocess.run(["wg", "genkey"], capture_output=True, text=True, check=True).stdout for _ in names]
        public = [subprocess.run(["wg", "pubkey"], input=key, capture_output=True, text=True, check=True).stdout.strip() for key in keys]
        for side, (space, name, key) in enumerate(zip((spaces[0], spaces[k]), names, keys)):
            world.start([*space.enter, "wireguard-go", "-f", name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                        env={"LOG_LEVEL": "silent", "WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD": "1", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
            end = time.monotonic() + 10
            while not pathlib.Path(f"/var/run/wireguard/{name}.sock").exists() and time.monotonic() < end:
                time.sleep(0.1)
            file = world.path / name
            file.write_text(key)
            peer = ["peer", public[1 - side], "allowed-ips", "0.0.0.0/0"]
            if side == 0:
                peer += ["endpoint", f"10.7.{k - 1}.2:{5180 + k}"]
            space.run("wg", "set", name, "private-key", file, *([] if side == 0 else ["listen-port", 5180 + k]), *peer)
            space.run("ip", "addr", "add", f"10.9.{k}.{side + 1}/24", "dev", name)
            space.run("ip", "link", "set", name, "mtu", 1500 - 60 * k, "up")
        # What lies behind relay k goes into the tunnel to it, and comes back that way.
        spaces[0].run("ip", "route", "replace", f"10.7.{k}.0/24", "dev", names[0])
        for j in range(k + 1, last + 1):
            spaces[j].run("ip", "route", "add", f"10.9.{k}.0/24", "via", f"10.7.{j - 1}.1")
    return world.flow(0, f"10.7.{last - 1}.2", seconds)[0]


def yggdrasil(world, seconds):
    """Links over TCP; relays see source and destination."""
    configs = []
    for i, space in enumerate(world.spaces):
        config = json.loads(subprocess.run(["yggdrasil", "-genconf", "-json"], capture_output=True, text=True, check=True).stdout)
        config.update(Peers=[f"tcp://10.7.{i}.2:9900"] if i + 1 < len(world.spaces) else [], Listen=["tcp://0.0.0.0:9900"],
                      MulticastInterfaces=[], IfName="ygg0", AdminListen="none")
        configs.append(world.path / f"ygg{i}.conf")
        configs[-1].write_text(json.dumps(config))
        world.start([*space.enter, "yggdrasil", "-useconffile", configs[-1]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    there = subprocess.run(["yggdrasil", "-useconffile", configs[-1], "-address"], capture_output=True, text=True, check=True).stdout.strip()
    end = time.monotonic() + 30
    while not world.ping(0, there, 1) and time.monotonic() < end:
        time.sleep(0.5)
    return world.flow(0, there, seconds)[0]


PEERS = {"wireguard-go, three nested tunnels": (("wireguard-go", "wg"), wireguard), "yggdrasil (relays see the path)": (("yggdrasil",), yggdrasil)}


def missing(programs):
    return [p for p in programs if shutil.which(p) is None]
