#!/usr/bin/env python3
"""The same questions to an original node and to ours, on the same chain with the same wallets: status, content type, every
key and every value must be the same. `make interop` runs it; `SHOW=1` prints both answers where they differ."""
import base64, pathlib, re, sys, tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
import skw_tap
from skw_tap import check
from original import *
from wire import Purse, agree

# What no two programs have in common: clocks, names of files, random numbers, who they are.
VOLATILE = {"uptime", "started_at", "time_since_last_block", "user_agent", "open_connections", "outgoing_connections", "incoming_connections",
            "filename", "timestamp", "csrf_token", "received", "checked", "announced", "webrpc_address"}
# Where they differ on purpose, by the question or the field and both values; docs/ledger-wire.md says why.
KNOWN = [re.compile(k) for k in (
    r"GET health: \.body\.(csp_enabled|fiber\.(explorer|version)_url) ",           # we have no pages, and know no explorer of a private chain
    r"GET coinSupply: ",                                                           # the original counts main net's locked addresses on every chain
    r"GET last_blocks\?num=999: ",                                                 # newer sources refuse it, and so do we
    r"(json: |invalid character |strconv\.|Error decoding string|can't convert )",  # words that name the parts of a Go program
    r"hours_selection.* \| \"hours_selection.(mode|share_factor) c",               # the order in which two faults are looked for
    r"POST with a wrong token of the right form: ",                                # our tokens have another form
    r"an Origin that is none: ",
    r"rawtx of \d+: .* \| .*Zero coin output",                                     # a second fault is named first
    r"Remote end closed connection without response|verify (un)?signed? ?of \d+: \.(status 0|type null)|of \d+: \.(status 0|type null)",  # it crashes
    r"create .*a b c.*: \.(status 500|body)",                                      # 500 by its own fault
    r"create .*'collection'\}|\{'id': '@k'\}",                                     # it cannot make those over REST: it wants to scan them
    r"create .*'type': 'xpub'.*: \.body .*invalid xpub key",
    r"\.meta\.crypto_type \"\" ",                                                  # newer sources name it before it is used
    r"wallet/unload .*: \.type null",
    r"'num': '0'\}: \.body\.addresses null \| \[\]",
)]
known = 0


def plain(value, key=None):
    if isinstance(value, dict):
        return {k: "?" if k in VOLATILE else plain(v, k) for k, v in sorted(value.items())}
    if isinstance(value, list):
        items = [plain(v) for v in value]
        # the original gives the outputs of one answer in a random order
        return sorted(items, key=lambda v: v.get("hash", v.get("uxid"))) if items and isinstance(items[0], dict) and ("hash" in items[0] or "spent_tx" in items[0]) else items
    return value


def shape(answer):
    status, text, kind = answer
    try:
        return status, kind, plain(json.loads(text))
    except ValueError:
        return status, kind, text.strip() if "# HELP" not in text else "metrics"


def differences(a, b, where=""):
    """Where they differ, the original's first."""
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted({*a, *b}):
            yield from differences(a.get(key, "-"), b.get(key, "-"), f"{where}.{key}")
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for i, (x, y) in enumerate(zip(a, b)):
            yield from differences(x, y, f"{where}[{i}]")
    elif a != b:
        yield f"{where} {json.dumps(a)[:400]} | {json.dumps(b)[:400]}"


def compare(name, original, ours):
    found = list(differences(*({"status": s, "type": k, "body": t} for s, k, t in (shape(original), shape(ours)))))
    new = [d for d in found if not any(k.search(f"{name}: {d}") for k in KNOWN)]
    global known
    known += len(found) > len(new)
    check(name, not new, "".join(f"\n    {d}" for d in new[:6]))


class Pair:
    def __init__(self, original, ours):
        self.original, self.ours = original, ours

    def get(self, call):
        compare(f"GET {call}"[:150], self.original.get(call), self.ours.get(call))

    def post(self, path, form, name=None, method="POST"):
        compare(f"{method} {path} {name or form}"[:150], self.original.post(path, form, method), self.ours.post(path, form, method))

    def raw(self, what, path, body=None, headers={}, method=None):
        compare(what, self.original.ask(path, body, headers, method), self.ours.ask(path, body, headers, method))


def reading(pair, purse, to, spare):
    node = pair.original
    head = node.head()
    block = node.json("block?seq=2")
    txid = block["body"]["txns"][0]["txid"]
    uxid = block["body"]["txns"][0]["outputs"][0]["uxid"]
    spent = block["body"]["txns"][0]["inputs"][0]
    for call in ("version", "health", "blockchain/metadata", "network/defaultConnections", "coinSupply", "addresscount", "pendingTxs",
                 "pendingTxs?verbose=1", "wallets"):
        pair.get(call)
    for q in ("", "?seq=2", "?seq=0", "?seq=1&verbose=1", f"?hash={block['header']['block_hash']}", "?seq=999", "?seq=-1", "?seq=x", "?hash=xx",
              f"?hash={'0' * 64}", f"?hash={'0' * 64}&seq=1", "?seq=1&verbose=x", "?seq=0&verbose=1", "?seq=", "?hash=", "?seq=18446744073709551616"):
        pair.get("block" + q)
    for q in ("", "?start=1&end=3", "?start=3&end=1", "?start=1", "?end=1", "?seqs=1,2", "?seqs=1,1", "?seqs=999", "?seqs=x", "?start=1&end=2&verbose=1",
              "?seqs=1,2&start=1&end=2", "?start=0&end=99", "?start=x&end=1", "?seqs=1,2&verbose=true", "?start=-1&end=2", "?seqs=,", "?seqs=1,,2"):
        pair.get("blocks" + q)
    pair.post("/api/v1/blocks", {"start": 1, "end": 2})
    pair.post("/api/v1/blocks", {"seqs": "1,2"})
    for q in ("", "?num=2", "?num=0", "?num=x", "?num=-1", "?num=1&verbose=1", "?num=999"):
        pair.get("last_blocks" + q)
    unknown = "2jBbGxZRGoQG1mqhPBnXnLTxK6oxsTf8os6"
    for a in (to[0], ",".join(to[:3]), unknown, "bad", to[0] + "," + to[0], "", f"{to[0]}%20{to[1]}", to[0][:-1], to[0] + ",bad"):
        for call in ("balance", "outputs", "transactions"):
            pair.get(f"{call}?addrs={a}")
        pair.get(f"address_uxouts?address={a}")
    pair.post("/api/v1/balance", {"addrs": ",".join(to)})
    pair.post("/api/v1/outputs", {"addrs": ",".join(to)})
    pair.post("/api/v1/transactions", {"addrs": to[0]})
    for call in ("balance", "outputs", "transactions", "address_uxouts"):
        if call != "outputs":
            pair.get(call)
    pair.get("outputs")
    for h in (uxid, "x", "0" * 64, f"{uxid},{uxid}", spent):
        pair.get(f"outputs?hashes={h}")
    pair.get(f"outputs?hashes={uxid}&addrs={to[0]}")
    for q in ("&confirmed=1", "&confirmed=0", "&confirmed=x", "&verbose=1", "&verbose=1&confirmed=1", "&verbose=x"):
        pair.get(f"transactions?addrs={to[0]}{q}")
    for q in (f"?txid={txid}", f"?txid={txid}&verbose=1", f"?txid={txid}&encoded=1", f"?txid={txid}&encoded=1&verbose=1", "?txid=x", f"?txid={'0' * 64}",
              "", "?txid=", f"?txid={txid}&verbose=x", f"?txid={txid[:-2]}"):
        pair.get("transaction" + q)
    for q in (f"?txid={txid}", "?txid=x", f"?txid={'0' * 64}", ""):
        pair.get("rawtx" + q)
    for q in (f"?uxid={uxid}", f"?uxid={spent}", "?uxid=x", f"?uxid={'0' * 64}", ""):
        pair.get("uxout" + q)
    for q in ("", "?n=2", "?n=0", "?n=x", "?n=-1", "?n=1&include-distribution=1", "?include-distribution=x", "?include-distribution=0"):
        pair.get("richlist" + q)
    for q in ("", "?addr=1.2.3.4:6000", "?addr=x"):
        pair.get("network/connection" + q)
    for q in ("?states=x", "?direction=x", "?states=pending&direction=outgoing", "?states=connected"):
        pair.get("network/connections" + q)
    for call in ("/api/v1/nothing", "/", "/api/v2/nothing", "/api/v1", "/api/v1/version/", "/api/v1/blockchain"):
        pair.get(call)
    for path, form in (("/api/v1/version", {}), ("/api/v1/block", {"seq": 1}), ("/api/v1/uxout", {"uxid": uxid})):
        pair.post(path, form)
    pair.raw("PUT blocks", "/api/v1/blocks", b"", {"X-CSRF-Token": "x"}, "PUT")
    pair.raw("DELETE balance", "/api/v1/balance", None, {}, "DELETE")
    pair.raw("HEAD version", "/api/v1/version", None, {}, "HEAD")


def guarding(pair):
    inject = "/api/v1/injectTransaction"
    pair.raw("POST without a token", inject, b"{}")
    pair.raw("POST with a wrong token", inject, b"{}", {"X-CSRF-Token": "x"})
    pair.raw("POST with a wrong token of the right form", inject, b"{}", {"X-CSRF-Token": "eA.eA"})
    pair.raw("another Host", "/api/v1/version", None, {"Host": "evil.example"})
    pair.raw("another Host, v2", "/api/v2/address/verify", b"{}", {"Host": "evil.example", "Content-Type": "application/json"})
    pair.raw("another Origin", "/api/v1/version", None, {"Origin": "http://evil.example"})
    pair.raw("another Referer", "/api/v1/version", None, {"Referer": "http://evil.example/x"})
    pair.raw("an Origin that is none", "/api/v1/version", None, {"Origin": "http://[::1"})
    pair.raw("credentials that nobody asked for", "/api/v1/version", None, {"Authorization": "Basic " + base64.b64encode(b"a:b").decode()})
    pair.raw("v2 without JSON", "/api/v2/address/verify", b"{}", {"Content-Type": "text/plain"})
    pair.raw("v2 without a token", "/api/v2/address/verify", b"{}", {"Content-Type": "application/json"})
    pair.raw("v2 GET of a POST", "/api/v2/address/verify")


def transactions(pair, purse, to):
    node = pair.original
    raw = lambda t: json.dumps({"rawtx": t})
    verify = lambda t, **more: json.dumps({"encoded_transaction": t, **more})
    txid = node.json("block?seq=2")["body"]["txns"][0]["txid"]
    spent = node.json(f"rawtx?txid={txid}")
    for t in (spent, "x", "", "00", spent[:-2], spent + "00", spent[:-60] + "00" * 30, spent[:80] + "ff" + spent[82:]):
        pair.post("/api/v1/injectTransaction", raw(t), f"rawtx of {len(t)}")
        pair.post("/api/v2/transaction/verify", verify(t), f"of {len(t)}")
        pair.post("/api/v2/transaction/verify", verify(t, unsigned=True), f"unsigned of {len(t)}")
    for body in ("", "x", "{}", "[]", '{"rawtx": 1}', '{"rawtx": "00", "more": 1}', '{"rawtx": null}', '"x"'):
        pair.post("/api/v1/injectTransaction", body)
    for body in ("", "x", "{}", "[]", '{"encoded_transaction": 1}', '{"address": 1}', '{"encoded_transaction": "00", "unsigned": 1}'):
        pair.post("/api/v2/transaction/verify", body)
        pair.post("/api/v2/transaction", body)
    for body in ({"address": to[0]}, {"address": "x"}, {"address": ""}, {}, {"address": to[0][:-1]}, {"address": to[0] + "1"}, {"address": "1" * 33}, {"address": "0OIl"}):
        pair.post("/api/v2/address/verify", json.dumps(body))
    for body in ("", "x", "[]", '{"address": 1}'):
        pair.post("/api/v2/address/verify", body)
    unspent = node.json(f"outputs?addrs={to[0]}")["head_outputs"]
    auto = {"type": "auto", "mode": "share", "share_factor": "0.5"}
    base = {"hours_selection": auto, "addresses": [to[0]], "change_address": to[0], "to": [{"address": to[1], "coins": "1"}]}
    cases = [base, {**base, "hours_selection": {"type": "manual"}, "to": [{"address": to[1], "coins": "1", "hours": "7"}]},
             {**base, "to": [{"address": to[1], "coins": "1", "hours": "7"}]},
             {**base, "hours_selection": {"type": "manual"}}, {**base, "hours_selection": {"type": "x"}}, {**base, "hours_selection": {}},
             {**base, "hours_selection": {"type": "auto"}}, {**base, "hours_selection": {"type": "auto", "mode": "x"}},
             {**base, "hours_selection": {"type": "auto", "mode": "share"}}, {**base, "hours_selection": {**auto, "share_factor": "1.1"}},
             {**base, "hours_selection": {**auto, "share_factor": "-1"}}, {**base, "hours_selection": {**auto, "share_factor": "x"}},
             {**base, "hours_selection": {"type": "manual", "mode": "share"}}, {**base, "hours_selection": {"type": "manual", "share_factor": "0.5"}},
             {**base, "to": []}, {k: v for k, v in base.items() if k != "to"}, {**base, "to": [{"address": to[1], "coins": "0"}]},
             {**base, "to": [{"address": to[1], "coins": "-1"}]}, {**base, "to": [{"address": to[1], "coins": "0.0001"}]}, {**base, "to": [{"address": to[1], "coins": "x"}]},
             {**base, "to": [{"address": "x", "coins": "1"}]}, {**base, "to": [{"coins": "1"}]}, {**base, "to": [{"address": to[1]}]},
             {**base, "to": base["to"] * 2}, {**base, "to": [{"address": to[1], "coins": "100000000"}]}, {**base, "to": [{"address": to[1], "coins": 1}]},
             {**base, "to": [{"address": to[1], "coins": "1000000000000000000"}]}, {**base, "to": [{"address": to[1], "coins": "1", "hours": "x"}]},
             {**base, "hours_selection": {"type": "manual"}, "to": [{"address": to[1], "coins": "1", "hours": "99999999999999"}]},
             {**base, "addresses": []}, {**base, "addresses": ["x"]}, {**base, "addresses": [to[0], to[0]]}, {k: v for k, v in base.items() if k != "addresses"},
             {**base, "change_address": "x"}, {k: v for k, v in base.items() if k != "change_address"}, {**base, "change_address": None},
             {**base, "unspents": [unspent[0]["hash"]]}, {**{k: v for k, v in base.items() if k != "addresses"}, "unspents": [unspent[0]["hash"]]},
             {**{k: v for k, v in base.items() if k != "addresses"}, "unspents": ["0" * 64]}, {**{k: v for k, v in base.items() if k != "addresses"}, "unspents": ["x"]},
             {**{k: v for k, v in base.items() if k != "addresses"}, "unspents": [unspent[0]["hash"]] * 2}, {**base, "ignore_unconfirmed": True},
             {**base, "addresses": ["2jBbGxZRGoQG1mqhPBnXnLTxK6oxsTf8os6"]}, {**base, "more": 1}, {**base, "addresses": to[:3], "to": [{"address": to[3], "coins": "1001.5"}]},
             {**base, "to": [{"address": to[1], "coins": "1"}, {"address": to[2], "coins": "2"}, {"address": to[3], "coins": "0.5"}]},
             {**base, "change_address": "1" * 25}, {**base, "to": [{"address": to[1], "coins": unspent[0]["coins"]}]}]
    for case in cases:
        pair.post("/api/v2/transaction", json.dumps(case), json.dumps({k: v for k, v in case.items() if case.get(k) != base.get(k)}))
    made = node.post("/api/v2/transaction", json.dumps(base))
    drawn = json.loads(made[1])["data"]["encoded_transaction"]
    for body in (verify(drawn), verify(drawn, unsigned=True), verify(drawn, unsigned=False)):
        pair.post("/api/v2/transaction/verify", body, "of a draft " + body[-20:])
    pair.post("/api/v1/injectTransaction", raw(drawn), "of a draft")


def wallets(pair):
    seed = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
    other = "legal winner thank year wave sausage worth useful legal winner thank yellow"
    xpub = "xpub6CATsNVYEz3aExj74KQMCtpzHT6b9BZQSxHKtPDo4k8cj6wLE3ux2UTpQ6TyWKKcJc8awPoF2yQmUZBBzwmmpE6tS5ANDkkfF5Bj5nfVxSq"
    create = lambda **form: pair.post("/api/v1/wallet/create", form)
    for form in ({}, {"seed": "s"}, {"seed": "s", "label": "l"}, {"seed": "s", "type": "deterministic"}, {"label": "l", "type": "deterministic"},
                 {"seed": "s", "label": "l", "type": "x"}, {"seed": seed, "label": "l", "type": "deterministic", "scan": "x"},
                 {"seed": seed, "label": "l", "type": "deterministic", "scan": "0"}, {"seed": seed, "label": "l", "type": "deterministic", "scan": "-1"},
                 {"seed": "a b c", "label": "l", "type": "bip44"}, {"seed": seed, "label": "one", "type": "deterministic"},
                 {"seed": seed, "label": "again", "type": "deterministic"}, {"seed": seed, "label": "b", "type": "bip44"},
                 {"seed": seed, "label": "b", "type": "bip44"}, {"seed": other, "label": "p", "type": "bip44", "seed-passphrase": "pass"},
                 {"seed": other, "label": "c", "type": "bip44", "bip44-coin": "x"}, {"seed": other, "label": "c", "type": "bip44", "bip44-coin": "0"},
                 {"label": "k", "type": "collection"}, {"label": "k", "type": "collection", "seed": "s"}, {"label": "x", "type": "xpub"},
                 {"label": "x", "type": "xpub", "xpub": "x"}, {"label": "x", "type": "xpub", "xpub": xpub}, {"label": "x", "type": "xpub", "xpub": xpub, "seed": "s"},
                 {"seed": "e", "label": "e", "type": "deterministic", "encrypt": "1"}, {"seed": "e", "label": "e", "type": "deterministic", "password": "pw"},
                 {"seed": "e", "label": "e", "type": "deterministic", "encrypt": "x"}, {"seed": "e", "label": "e", "type": "deterministic", "seed-passphrase": "x"},
                 {"seed": "many", "label": "many", "type": "deterministic", "scan": "20"},
                 {"seed": " pad", "label": "pad", "type": "deterministic"}):
        create(**form)
    make = {}
    for node in (pair.original, pair.ours):
        listed = node.json("wallets")
        make[node] = {w["meta"]["label"]: w["meta"]["filename"] for w in listed}
    compare("GET wallets", *[(200, json.dumps(sorted((w for w in n.json("wallets") if w["meta"]["type"] != "collection"), key=lambda w: w["meta"]["label"])), "")
                             for n in (pair.original, pair.ours)])

    def each(call, name, get=False, **form):
        answers = []
        for n in (pair.original, pair.ours):
            f = {k: make[n].get(v[1:], v) if v.startswith("@") else v for k, v in form.items()}
            s, t, k = n.get(call + "?" + urllib.parse.urlencode(f)) if get else n.post("/api/v1/" + call, f)
            for label, file in make[n].items():
                t = t.replace(file, "@" + label)
            answers.append((s, t, k))
        compare(f"{'GET' if get else 'POST'} {call} {form}"[:150], *answers)

    def eachjson(path, name, body):
        answers = []
        for n in (pair.original, pair.ours):
            b = {**body}
            if str(b.get("wallet_id", "")).startswith("@"):
                b["wallet_id"] = make[n][b["wallet_id"][1:]]
            answers.append(n.post(path, json.dumps(b)))
        compare(f"POST {path} {name}", *answers)

    for call, key in (("wallet", "id"), ("wallet/balance", "id"), ("wallet/transactions", "id")):
        for w in ("@one", "@b", "nothing", ""):
            each(call, w, True, **{key: w})
        each(call, "", True)
    each("wallet/transactions", "", True, id="@one", verbose="1")
    each("wallet/transactions", "", True, id="@one", verbose="x")
    for form in ({"id": "@one"}, {"id": "@one", "num": "2"}, {"id": "@one", "num": "0"}, {"id": "@one", "num": "x"}, {"id": "@one", "num": "-1"}, {"id": "nothing"}, {},
                 {"id": "@b", "num": "2"}, {"id": "@one", "password": "x"}):
        each("wallet/newAddress", "", **form)
    for form in ({"id": "@one", "label": "renamed"}, {"id": "@one"}, {"id": "nothing", "label": "x"}, {"label": "x"}, {"id": "@one", "label": "one"}):
        each("wallet/update", "", **form)
    for entropy in ("?entropy=1", "?entropy=x", "?entropy=160"):
        pair.get("wallet/newSeed" + entropy)
    check("newSeed of 256 bits has 24 words, both", all(len(n.json("wallet/newSeed?entropy=256")["seed"].split()) == 24 for n in (pair.original, pair.ours)))
    for s in (seed, "abandon", "", seed + " about", other.replace("winner", "winnr")):
        pair.post("/api/v2/wallet/seed/verify", json.dumps({"seed": s}))
    each("wallet/seed", "", id="@one", password="x")
    each("wallet/seed", "", id="@one")
    each("wallet/seed", "")
    each("wallet/seed", "", id="nothing", password="pw")
    each("wallet/encrypt", "", id="@one")
    each("wallet/encrypt", "", id="nothing", password="pw")
    each("wallet/encrypt", "", id="@one", password="pw")
    each("wallet/encrypt", "", id="@one", password="pw")
    each("wallet", "", True, id="@one")
    each("wallet/newAddress", "", id="@one")
    each("wallet/newAddress", "", id="@one", password="wrong")
    each("wallet/newAddress", "", id="@one", password="pw")
    each("wallet/seed", "", id="@one", password="pw")
    each("wallet/seed", "", id="@one", password="wrong")
    each("wallet/seed", "", id="@one")
    each("wallet/decrypt", "", id="@one", password="wrong")
    each("wallet/decrypt", "", id="@one")
    each("wallet/decrypt", "", id="@b", password="x")
    each("wallet/decrypt", "", id="nothing", password="x")
    for body, name in (({}, "nothing"), ({"id": "x"}, "no seed"), ({"id": "x", "seed": "s"}, "unknown")):
        eachjson("/api/v2/wallet/recover", name, body)
    for n in (pair.original, pair.ours):
        n.recover = json.dumps({"id": make[n]["one"], "seed": "wrong " + seed}), json.dumps({"id": make[n]["one"], "seed": seed})
    for i, what in ((0, "by a wrong seed"), (1, "by its seed")):
        answers = [n.post("/api/v2/wallet/recover", n.recover[i]) for n in (pair.original, pair.ours)]
        compare(f"POST wallet/recover {what}", *answers)
    each("wallet/decrypt", "", id="@one", password="pw")
    auto = {"type": "auto", "mode": "share", "share_factor": "0.5"}
    to = [{"address": pair.to[3], "coins": "1"}]
    spend = {"hours_selection": auto, "wallet_id": "@payer", "change_address": pair.payer, "to": to, "unsigned": True}
    for n in (pair.original, pair.ours):
        status, text, _ = n.post("/api/v1/wallet/create", {"seed": "payer", "label": "payer", "type": "deterministic"})
        make[n]["payer"] = json.loads(text)["meta"]["filename"]
    eachjson("/api/v1/wallet/transaction", "unsigned", spend)
    for key, value in (("wallet_id", "nothing"), ("wallet_id", ""), ("password", "x"), ("to", []), ("change_address", "x"), ("addresses", [pair.payer]), ("addresses", [pair.to[2]]),
                       ("unspents", ["0" * 64]), ("wallet_id", "@b")):
        eachjson("/api/v1/wallet/transaction", f"{key} {value}", {**spend, key: value})
    eachjson("/api/v1/wallet/transaction", "no change address", {k: v for k, v in spend.items() if k != "change_address"})
    answer = pair.original.post("/api/v1/wallet/transaction", json.dumps({**spend, "wallet_id": make[pair.original]["payer"]}))
    draft = json.loads(answer[1])["encoded_transaction"] if answer[0] == 200 else "00"
    sign = {"wallet_id": "@payer", "encoded_transaction": draft}
    for key, value in (("wallet_id", "nothing"), ("wallet_id", ""), ("encoded_transaction", ""), ("encoded_transaction", "x"), ("password", "x"), ("sign_indexes", [9]), ("sign_indexes", [0, 0]),
                       ("sign_indexes", [-1]), ("wallet_id", "@b")):
        eachjson("/api/v2/wallet/transaction/sign", f"{key} {value}", {**sign, key: value})
    signed = [json.loads(n.post("/api/v2/wallet/transaction/sign", json.dumps({**sign, "wallet_id": make[n]["payer"]}))[1]) for n in (pair.original, pair.ours)]
    for i, n in enumerate((pair.ours, pair.original)):  # what one signed the other checks
        status, text, _ = n.post("/api/v2/transaction/verify", json.dumps({"encoded_transaction": signed[i]["data"]["encoded_transaction"]}))
        check(f"{n.name} accepts what the other signed", status == 200, text)
    each("wallet/unload", "", id="@b")
    each("wallet/unload", "", id="nothing")
    each("wallet/unload", "")
    each("wallet", "", True, id="@b")


def storage(pair):
    data = "/api/v2/data"
    for q in ("", "?type=x", "?type=client", "?type=txid", "?type=general", "?type=client&key=nothing"):
        pair.get(data + q)
    for body in ("", "x", "{}", '{"type": "client"}', '{"type": "client", "key": ""}', '{"type": "x", "key": "a", "val": "b"}', '{"type": "client", "key": "a", "val": "b"}',
                 '{"type": "client", "key": "a", "val": "c\\u00e9 <&> \\""}', '{"type": "client", "key": "z"}', '{"type": "txid", "key": "t", "val": "note"}',
                 '{"type": "client", "key": "n", "val": 1}', '{"type": "client", "key": "0", "val": "first"}', '[]'):
        pair.post(data, body)
    for q in ("?type=client", "?type=client&key=a", "?type=txid", "?type=txid&key=t", "?type=txid&key=a"):
        pair.get(data + q)
    for q in ("", "?type=client", "?type=client&key=nothing", "?type=x&key=a", "?type=client&key=a", "?type=client&key=a", "?type=client&key=z", "?type=client&key=0"):
        pair.post(data + q, "{}", method="DELETE")
    pair.get(data + "?type=client")
    pair.get("/api/v2/metrics")


def pending(pair, purse, to, producer):
    """With one transaction of the same bytes pending at both."""
    producer.stop()
    made = json.loads(skywave("wallet", "send", purse.file, "--to", to[2], "--amount", "3", "--node", pair.original.url, "--json"))
    txid = made["txid"]
    raw = pair.original.json(f"rawtx?txid={txid}")
    check("what was given to the original is pending with us", wait(lambda: pair.ours.get(f"rawtx?txid={txid}")[0] == 200))
    for call in (f"rawtx?txid={txid}", "pendingTxs", "pendingTxs?verbose=1", f"transaction?txid={txid}", f"transaction?txid={txid}&verbose=1", f"transaction?txid={txid}&encoded=1",
                 f"transactions?addrs={to[2]}", f"transactions?addrs={to[2]}&verbose=1", f"transactions?addrs={to[2]}&confirmed=0", f"transactions?addrs={to[2]}&confirmed=1",
                 f"balance?addrs={to[2]},{purse.chain.owner['address']}", f"outputs?addrs={to[2]},{purse.chain.owner['address']}", "outputs", "health", "blockchain/metadata"):
        pair.get(call)
    pair.post("/api/v1/injectTransaction", json.dumps({"rawtx": raw}), "again")
    pair.post("/api/v2/transaction/verify", json.dumps({"encoded_transaction": raw}), "of a pending one")
    pair.post("/api/v1/resendUnconfirmedTxns", {})
    owner = purse.chain.owner["address"]
    body = {"hours_selection": {"type": "manual"}, "addresses": [owner], "change_address": owner, "to": [{"address": to[1], "coins": "1", "hours": "1"}]}
    pair.post("/api/v2/transaction", json.dumps(body), "from what is pending")
    pair.post("/api/v2/transaction", json.dumps({**body, "ignore_unconfirmed": True}), "from what is pending, ignored")


def main(folder, programs, nodes):
    chain = Chain(folder)
    producer = Ours(chain, "producer", "--produce", "--secret-file", chain.secret, "--interval", "100")
    ours = Ours(chain, "ours", "--peer", producer.peer)
    original = Original(chain, "original", programs, peers=[ours.peer])
    nodes += [producer, ours, original]
    for n in nodes:
        n.start()
        n.up()
    check("three nodes, two programs", wait(lambda: len(ours.introduced()) == 2))
    purse = Purse(chain)
    to = [a["address"] for a in json.loads(skywave("wallet", "addressgen", "--seed", "some", "--count", "4", "--json"))]
    payer = skywave("wallet", "addressgen", "--seed", "payer").split()[0]
    for seq, (address, coins) in enumerate(((to[0], 1000), (to[1], 500), (to[0], "0.5"), (payer, 50), (to[2], "0.001"), (payer, 7)), 1):
        purse.pay(ours, address, coins, 1000 + seq)
        agree(f"block {seq}", seq, *nodes)
    pair = Pair(original, ours)
    pair.to, pair.payer = to, payer
    parts = {"reading": lambda: reading(pair, purse, to, payer), "guarding": lambda: guarding(pair), "transactions": lambda: transactions(pair, purse, to),
             "wallets": lambda: wallets(pair), "storage": lambda: storage(pair), "pending": lambda: pending(pair, purse, to, producer)}
    for name, part in parts.items():
        if name in os.environ.get("PARTS", name):
            part()
    print(f"# {known} questions have another answer on purpose", flush=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="skywave-interop-") as folder:
        nodes = []
        try:
            main(folder, sys.argv[1], nodes)
        finally:
            for node in nodes:
                if node.process and node.process.poll() is None:
                    node.kill()
            if os.environ.get("KEEP"):
                subprocess.run(["cp", "-r", folder, os.environ["KEEP"]])
    sys.exit(skw_tap.status())
