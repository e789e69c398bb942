package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"sekisho/internal/console/account"
	"sekisho/internal/console/index"
	"sekisho/internal/policy"
)

// route is one route: what it is called, who may use it, what goes in and comes out, and what it does.
type route struct {
	method, path string
	id           string // operationId
	ja, en       string
	right        account.Right // "" for anybody with a token
	open         bool          // for anybody without a token
	query        []param
	body         []string // required fields of a decision; nil: no body of JSON
	optional     []string // other fields of it
	file         bool     // the body is a file
	status       int
	out          string // schema of the answer; "binary" for a file
	do           func(*call) error
}

// param is one parameter of a query.
type param struct{ name, kind, ja string } // kind: string, integer, date-time, or strings for one that may repeat

func pages(more ...param) []param {
	return append(more, param{"after", "string", "前の応答の next"}, param{"limit", "integer", "1回の件数（最大500）"})
}

// routes is the whole interface.
func routes() []route {
	period := []param{{"from", "date-time", "この時刻から"}, {"to", "date-time", "この時刻の前まで"}}
	filter := append([]param{
		{"state", "strings", "状態"}, {"verdict", "string", "判定"}, {"reason", "string", "理由"}, {"type", "string", "種類"},
		{"office", "string", "所属"}, {"sender", "string", "入れた人"}, {"q", "string", "名前の一部"}, {"hash", "string", "SHA-256"},
	}, period...)
	search := append([]param{
		{"actor", "string", "操作者"}, {"kind", "strings", "出来事"}, {"job", "string", "受付番号"}, {"q", "string", "名前の一部"}, {"hash", "string", "SHA-256"},
	}, period...)
	ok, made, taken := http.StatusOK, http.StatusCreated, http.StatusAccepted
	return []route{
		{method: "GET", path: "/openapi.json", id: "openapi", ja: "この説明", en: "this description", open: true, status: ok, out: "object", do: (*call).openapi},
		{method: "GET", path: "/me", id: "me", ja: "トークンの持ち主", en: "whose token it is", status: ok, out: "Me", do: (*call).me},
		{method: "GET", path: "/counts", id: "counts", ja: "状態ごとの件数", en: "files at each state", right: account.See, status: ok, out: "Counts", do: (*call).counts},
		{method: "GET", path: "/files", id: "files", ja: "一覧（新しい順）", en: "files, the newest first", right: account.See, query: pages(filter...), status: ok, out: "Files", do: (*call).files},
		{method: "POST", path: "/files", id: "submit", ja: "ファイルを入れる（本文がファイル）", en: "hand a file in: the body is the file", right: account.Drop,
			query: []param{{"name", "string", "ファイル名"}, {"folder", "string", "所属の下のフォルダ"}, {"route", "string", "経路（省略時は最初の経路）"}},
			file:  true, status: made, out: "Job", do: (*call).submit},
		{method: "GET", path: "/files/{id}", id: "file", ja: "1件", en: "one file", right: account.See, status: ok, out: "File", do: (*call).one},
		{method: "GET", path: "/files/{id}/same", id: "same", ja: "同じ中身のファイル", en: "files of the same content", right: account.Review, status: ok, out: "Files", do: (*call).same},
		{method: "GET", path: "/files/{id}/record", id: "life", ja: "1件の記録", en: "the record of one file", right: account.Record, status: ok, out: "Entries", do: (*call).life},
		{method: "POST", path: "/files/{id}/password", id: "password", ja: "パスワードを渡して処理し直す", en: "treat again with a password", right: account.Password,
			body: []string{"password"}, optional: []string{"reason"}, status: taken, out: "Job", do: (*call).password},
		{method: "POST", path: "/files/{id}/treat", id: "treat", ja: "別の方針で処理し直す", en: "treat again under another policy", right: account.Review,
			body: []string{"policy"}, optional: []string{"password", "reason"}, status: taken, out: "Job", do: (*call).treat},
		{method: "POST", path: "/files/{id}/reject", id: "reject", ja: "通さないと決める（理由は入れた人に伝わる）", en: "decide that it does not cross; the sender reads the reason", right: account.Review,
			body: []string{"reason"}, status: taken, out: "Job", do: (*call).reject},
		{method: "POST", path: "/files/{id}/request", id: "request", ja: "原本の通過を申請する（例外措置）", en: "ask that the original be released", right: account.Request,
			body: []string{"reason"}, optional: []string{"reason_code"}, status: taken, out: "Job", do: (*call).request},
		{method: "POST", path: "/files/{id}/approve", id: "approve", ja: "申請を承認する（本人の確認コードが要る）", en: "approve what another person asked for; wants a one-time code", right: account.Approve,
			body: []string{"code"}, optional: []string{"reason", "reason_code"}, status: taken, out: "Job", do: (*call).approve},
		{method: "POST", path: "/files/{id}/extend", id: "extend", ja: "保管を延ばす", en: "keep for longer", right: account.Review,
			body: []string{"until"}, optional: []string{"reason"}, status: taken, out: "Job", do: (*call).extend},
		{method: "POST", path: "/files/{id}/delete", id: "delete", ja: "消す", en: "delete for good", right: account.Delete,
			body: []string{"reason"}, status: taken, out: "Job", do: (*call).remove},
		{method: "POST", path: "/files/{id}/evidence", id: "evidence", ja: "原本を age で暗号化して取り出す", en: "take the original out, encrypted with age", right: account.Download,
			body: []string{"recipient", "reason"}, status: ok, out: "binary", do: (*call).evidence},
		{method: "GET", path: "/held", id: "quarantine", ja: "判断を待っている保留ファイル（新しい順）", en: "held files that wait for a decision, the newest first", right: account.Review,
			query: pages(), status: ok, out: "Quarantine", do: (*call).held},
		{method: "GET", path: "/files/{id}/held", id: "held", ja: "保留ファイル1件を詳しく", en: "one held file in full", right: account.Review, status: ok, out: "Held", do: (*call).oneHeld},
		{method: "POST", path: "/record/verify", id: "verify", ja: "記録が書き換えられていないか確かめる", en: "check that the record was not changed", right: account.Record,
			status: ok, out: "Verified", do: (*call).verify},
		{method: "POST", path: "/rescan", id: "rescan", ja: "残してある原本をもう一度検査する", en: "scan kept originals again: who received what", right: account.Settings,
			status: ok, out: "Rescanned", do: (*call).rescan},
		{method: "GET", path: "/status", id: "status", ja: "ゲートウェイの状態", en: "how the gateway is", right: account.Status, status: ok, out: "Status", do: (*call).status},
		{method: "GET", path: "/policies", id: "policies", ja: "方針の今の版（または指定の版）と提案", en: "the policies in force, or of a version, and what is proposed", right: account.Status,
			query: []param{{"version", "string", "版の番号"}}, status: ok, out: "Policies", do: (*call).policies},
		{method: "POST", path: "/policies/propose", id: "propose", ja: "方針の変更、または前の版に戻すことを提案する", en: "propose rules, or to go back to a version; a switch that is left out is off", right: account.Policies,
			body: []string{"reason"}, optional: []string{"rules", "back"}, status: taken, out: "Proposed", do: (*call).propose},
		{method: "POST", path: "/policies/activate", id: "activate", ja: "別の人の提案を有効にする（本人の確認コードが要る）", en: "bring another person's proposal into force; wants a one-time code", right: account.Policies,
			body: []string{"proposal", "reason", "code"}, status: taken, out: "Proposed", do: (*call).activate},
		{method: "POST", path: "/policies/withdraw", id: "withdraw", ja: "提案を取り下げる", en: "withdraw the proposal", right: account.Policies,
			body: []string{"proposal"}, status: taken, out: "Proposed", do: (*call).withdraw},
		{method: "POST", path: "/policies/try", id: "try", ja: "方針を、止めたファイルと元を残したファイルで試す", en: "try rules, or the proposal, on held and kept files", right: account.Policies,
			body: []string{"days"}, optional: []string{"rules", "proposal"}, status: taken, out: "Proposed", do: (*call).try},
		{method: "GET", path: "/policies/trial", id: "trial", ja: "試した結果", en: "what came of the last trial", right: account.Status, status: ok, out: "Trial", do: (*call).trial},
		{method: "GET", path: "/record", id: "record", ja: "記録を探す（新しい順）", en: "search the record, the newest first", right: account.Record, query: pages(search...), status: ok, out: "Entries", do: (*call).record},
	}
}

type object = map[string]any

// text is the schema of a text.
func text() object { return object{"type": "string"} }

// document makes the OpenAPI 3.0.3 document of the routes.
func document(version string) ([]byte, error) {
	paths := map[string]object{}
	for _, r := range routes() {
		if paths[r.path] == nil {
			paths[r.path] = object{}
		}
		paths[r.path][strings.ToLower(r.method)] = r.operation()
	}
	b, err := json.MarshalIndent(object{
		"openapi": "3.0.3",
		"info":    object{"title": "Sekisho 関所", "version": version, "description": "The console for programs. Names of files are a stranger's text."},
		"servers": []object{{"url": Base}},
		"paths":   paths,
		"components": object{
			"securitySchemes": object{"token": object{"type": "http", "scheme": "bearer"}},
			"schemas":         schemas(),
		},
	}, "", "\t")
	if err != nil {
		return nil, fmt.Errorf("cannot describe the interface: %w", err)
	}
	return append(b, '\n'), nil
}

func (r route) operation() object {
	op := object{
		"operationId": r.id, "summary": r.ja + " / " + r.en,
		"responses": object{
			strconv.Itoa(r.status): object{"description": r.en, "content": r.content()},
			"default":              object{"description": "error", "content": object{"application/json": object{"schema": ref("Error")}}},
		},
	}
	if !r.open {
		op["security"] = []object{{"token": []string{}}}
	}
	var params []object
	if strings.Contains(r.path, "{id}") {
		params = append(params, object{"name": "id", "in": "path", "required": true, "schema": text()})
	}
	for _, p := range r.query {
		params = append(params, object{"name": p.name, "in": "query", "description": p.ja, "required": r.file && p.name == "name", "schema": p.schema()})
	}
	if len(params) > 0 {
		op["parameters"] = params
	}
	switch {
	case r.file:
		op["requestBody"] = object{"required": true, "content": object{"application/octet-stream": object{"schema": binary()}}}
	case r.body != nil:
		fields := object{}
		for _, f := range append(r.optional, r.body...) {
			fields[f] = text()
			switch f {
			case "until":
				fields[f] = moment()
			case "rules":
				fields[f] = ref("Rules")
			case "back", "days":
				fields[f] = integer()
			}
		}
		op["requestBody"] = object{"required": true, "content": object{"application/json": object{"schema": object{
			"type": "object", "required": r.body, "properties": fields, "additionalProperties": false,
		}}}}
	}
	return op
}

func (r route) content() object {
	switch r.out {
	case "binary":
		return object{"application/octet-stream": object{"schema": binary()}}
	case "object":
		return object{"application/json": object{"schema": object{"type": "object"}}}
	}
	return object{"application/json": object{"schema": ref(r.out)}}
}

func binary() object         { return object{"type": "string", "format": "binary"} }
func ref(name string) object { return object{"$ref": "#/components/schemas/" + name} }
func list(of object) object  { return object{"type": "array", "items": of} }
func integer() object        { return object{"type": "integer", "format": "int64"} }
func moment() object         { return object{"type": "string", "format": "date-time"} }
func (p param) schema() object {
	switch p.kind {
	case "integer":
		return object{"type": "integer", "minimum": 1, "maximum": index.MaxPage}
	case "date-time":
		return moment()
	case "strings":
		return list(text())
	}
	return text()
}

// schemas are the shapes of the answers.
func schemas() object {
	shape := func(required string, fields object) object {
		return object{"type": "object", "required": strings.Fields(required), "properties": fields, "additionalProperties": false}
	}
	flag := object{"type": "boolean"}
	var states []string
	for _, s := range index.States() {
		states = append(states, string(s))
	}
	file := object{
		"id": text(), "received": moment(), "changed": moment(), "ended": moment(), "route": text(), "office": text(), "path": text(),
		"name": text(), "shown": text(), "sender": text(), "policy": text(), "type": text(), "state": object{"type": "string", "enum": states},
		"verdict": text(), "reason": text(), "code": text(), "detail": text(), "findings": integer(), "exception": flag, "requester": text(),
		"size_in": integer(), "size_out": integer(), "sha256_in": text(), "sha256_out": text(), "output_name": text(),
	}
	finding := shape("rule action count", object{"rule": text(), "action": text(), "where": text(), "count": integer()})
	entry := object{
		"broken": flag, "seq": integer(), "time": moment(), "kind": text(), "job": text(), "generation": integer(), "route": text(), "path": text(),
		"name": text(), "type": text(), "verdict": text(), "reason": text(), "policy": text(), "policy_version": integer(), "sha256_in": text(), "sha256_out": text(),
		"size_in": integer(), "size_out": integer(), "actor": text(), "detail": text(), "findings": list(finding), "prev": text(), "hash": text(),
	}
	held := shape("Item State", object{
		"Item": shape("version job generation route name size sha256 mod_time received held policy verdict reason", object{
			"version": integer(), "job": text(), "generation": integer(), "route": text(), "path": text(), "name": text(), "raw_name": text(), "size": integer(),
			"sha256": text(), "mod_time": moment(), "received": moment(), "held": moment(), "source": text(), "policy": text(), "policy_version": integer(), "type": text(),
			"declared": text(), "verdict": text(), "reason": text(), "detail": text(), "engine": text(), "findings": list(finding),
			"scans": list(shape("scanner of result time", object{"scanner": text(), "of": text(), "result": text(), "detail": text(), "time": moment()})),
		}),
		"State": shape("version stage generation since", object{
			"version": integer(), "stage": text(), "generation": integer(), "exception": flag, "since": moment(), "keep_until": moment(),
			"decisions": list(shape("what actor time", object{"what": text(), "actor": text(), "reason": text(), "policy": text(), "code": text(), "role": text(), "time": moment()})),
		}),
	})
	head := shape("version log seq hash file offset time", object{
		"version": integer(), "log": text(), "seq": integer(), "hash": text(), "file": text(), "offset": integer(), "time": moment(), "signature": text(),
	})
	rescanned := shape("job where route path name sha256 scanner signature", object{
		"job": text(), "where": text(), "route": text(), "path": text(), "name": text(), "released": text(), "sent": moment(), "sha256": text(), "scanner": text(), "signature": text(),
	})
	number := object{"type": "number"}
	switches := object{"routes": object{"type": "object", "additionalProperties": text()}}
	for _, s := range policy.Switches() {
		switches[s.Name] = flag
	}
	rules := object{"type": "object", "properties": switches, "additionalProperties": false}
	one := shape("number rules", object{
		"number": integer(), "rules": ref("Rules"), "proposer": text(), "reason": text(), "activator": text(), "agreed": text(), "activated": moment(), "back": integer(),
	})
	proposed := shape("id base rules proposer reason proposed", object{
		"id": text(), "base": integer(), "rules": ref("Rules"), "proposer": text(), "reason": text(), "proposed": moment(), "back": integer(),
	})
	comes := shape("policy verdict findings", object{"policy": text(), "verdict": text(), "reason": text(), "findings": integer()})
	return object{
		"Held":     held,
		"Rules":    rules,
		"Policies": shape("active version", object{"active": integer(), "version": one, "proposal": proposed}),
		"Proposed": shape("active", object{"active": integer(), "proposal": text()}),
		"Trial": shape("running actor base rules days total left_out late files", object{
			"running": flag, "actor": text(), "base": integer(), "rules": ref("Rules"), "days": integer(), "total": integer(), "left_out": integer(), "late": flag,
			"files": list(shape("job name", object{"job": text(), "name": text(), "why": text(), "now": comes, "then": comes})),
		}),
		"Quarantine": shape("held", object{"held": list(ref("Held")), "next": text()}),
		"Verified": shape("ok entries files first last head", object{
			"ok": flag, "entries": integer(), "files": integer(), "first": moment(), "last": moment(), "head": head,
			"problems": list(shape("file line what", object{"file": text(), "line": integer(), "what": text()})),
		}),
		"Rescanned": shape("schema begun ended signatures scanned unanswered sealed found", object{
			"schema": integer(), "begun": moment(), "ended": moment(), "signatures": list(text()), "scanned": integer(), "unanswered": integer(), "sealed": integer(), "found": list(rescanned),
		}),
		"Status": shape("checks figures", object{
			"checks":  list(shape("name ok", object{"name": text(), "ok": flag, "detail": text()})),
			"figures": list(shape("name value unit", object{"name": text(), "value": number, "unit": text()})),
		}),
		"Error":   shape("error", object{"error": shape("code ja en", object{"code": text(), "ja": text(), "en": text()})}),
		"Me":      shape("name display office roles", object{"name": text(), "display": text(), "office": text(), "roles": list(text())}),
		"Counts":  shape("states blocked", object{"states": object{"type": "object", "additionalProperties": integer()}, "blocked": integer()}),
		"File":    shape("id received changed route office path name shown policy type state findings exception size_in", file),
		"Files":   shape("files", object{"files": list(ref("File")), "next": text()}),
		"Entries": shape("entries", object{"entries": list(shape("broken seq time kind prev hash", entry)), "next": text()}),
		"Job":     shape("id", object{"id": text()}),
	}
}
