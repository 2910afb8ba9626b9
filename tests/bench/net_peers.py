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


def tor(world, seconds):
    """A network of its own: the relays are its three directory authorities too, the client's path is the row."""
    relays = range(1, len(world.spaces) - 1)
    common = ["TestingTorNetwork 1", "AssumeReachable 1", "EnforceDistinctSubnets 0", "Log notice stdout", "SafeLogging 0",
              "TestingV3AuthInitialVotingInterval 20", "TestingV3AuthInitialVoteDelay 4", "TestingV3AuthInitialDistDelay 4"]
    prints = []
    for k in relays:
        folder, address = world.path / f"tor{k}", f"10.7.{k - 1}.2"
        (folder / "keys").mkdir(parents=True, mode=0o700)
        folder.chmod(0o700)
        certificate = folder / "keys/authority_certificate"
        subprocess.run(["tor-gencert", "--create-identity-key", "-m", "12", "-a", f"{address}:7001", "--passphrase-fd", "0",
                        "-i", folder / "keys/authority_identity_key", "-s", folder / "keys/authority_signing_key", "-c", certificate],
                       input="none\n", text=True, capture_output=True, check=True)
        own = ["SocksPort 0", f"Nickname relay{k}", f"Address {address}", f"DataDirectory {folder}", f"ORPort {address}:5001",
               f"DirPort {address}:7001", "AuthoritativeDirectory 1", "V3AuthoritativeDirectory 1", "V3AuthVotingInterval 20",
               "V3AuthVoteDelay 4", "V3AuthDistDelay 4", "ContactInfo none", "ExitRelay 1", "ExitPolicy accept *:*",
               "ExitPolicyRejectPrivate 0", "TestingDirAuthVoteExit *", "TestingDirAuthVoteGuard *", "TestingMinExitFlagThreshold 0"]
        # A file for the fingerprint needs some authority; the real list comes when all are known.
        (folder / "torrc").write_text("\n".join([*common, *own, "DirAuthority x v3ident=" + 40 * "0" + " 127.0.0.1:1 " + 40 * "0"]))
        told = subprocess.run(["tor", "--quiet", "-f", folder / "torrc", "--list-fingerprint"], capture_output=True, text=True, check=True)
        prints.append(told.stdout.split(maxsplit=1)[1].replace(" ", "").strip())
        ident = next(line.split()[1] for line in certificate.read_text().splitlines() if line.startswith("fingerprint "))
        common.append(f"DirAuthority relay{k} orport=5001 v3ident={ident} {address}:7001 {prints[-1]}")
        (folder / "own").write_text("\n".join(own))
    client = world.path / "tor0"
    client.mkdir(mode=0o700)
    (client / "own").write_text("\n".join([f"DataDirectory {client}", "SocksPort 127.0.0.1:9050", f"EntryNodes {prints[0]}",
                                           f"MiddleNodes {','.join(prints[1:-1])}", f"ExitNodes {prints[-1]}", "StrictNodes 1"]))
    for k in (*relays, 0):
        folder = world.path / f"tor{k}"
        (folder / "torrc").write_text("\n".join(common) + "\n" + (folder / "own").read_text())
        with open(folder / "log", "w") as log:
            world.start([*world.spaces[k].enter, "tor", "-f", folder / "torrc"], stdout=log, stderr=log)
    end = time.monotonic() + 150
    while "Bootstrapped 100%" not in (client / "log").read_text():
        if time.monotonic() > end:
            raise RuntimeError("no circuit within 150 s: " + (client / "log").read_text().splitlines()[-1][:60])
        time.sleep(0.5)
    server = f"10.7.{len(world.spaces) - 2}.2"
    world.flow(0, server, 1, 9002, socks=9050)
    return world.flow(0, server, seconds, 9002, socks=9050)[0]


PEERS = {"wireguard-go, three nested tunnels": (("wireguard-go", "wg"), wireguard), "yggdrasil (relays see the path)": (("yggdrasil",), yggdrasil),
         "tor, three hops, SOCKS": (("tor", "tor-gencert"), tor)}


def missing(programs):
    return [p for p in programs if shutil.which(p) is None]
