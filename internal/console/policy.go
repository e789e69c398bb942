package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"sekisho/internal/audit"
	"sekisho/internal/console/account"
	"sekisho/internal/person"
	"sekisho/internal/policy"
)

// Policies is what the console asks of the gateway about policies.
type Policies interface {
	// Policies are the versions of what people chose.
	Policies() *policy.Store
	// Configured is the policy that the configuration gives each route, by the route's name.
	Configured() map[string]string
	// TryHeld and TryFile begin to try rules; Trial says how far that is, EndTrial ends it. The error wraps policy.ErrBusy while one
	// goes on, and ErrTooLarge.
	TryHeld(ctx context.Context, actor string, r policy.Rules, days int) error
	TryFile(ctx context.Context, actor string, r policy.Rules, route, name string, from io.Reader) error
	Trial() policy.Trial
	EndTrial()
}

// policyPath is the page of policies.
const policyPath = "/policy"

// tryPath is where rules are sent to be tried, with a file or without.
const tryPath = policyPath + "/try"

// switchView is one choice, with what it does.
type switchView struct {
	Name, Title, Effect, State string
	On                         bool
}

// routeView is the policy of one route.
type routeView struct {
	Name, Field, Policy string
	Choices             []choice
}

// versionView is one version, with what it changed.
type versionView struct {
	Number             int
	Since, Who, Second string
	Reason, Agreed     string
	Back               string
	Changes            []string
	Now                bool
}

// proposalView is what waits for a second person.
type proposalView struct {
	ID, Who, When, Reason, Back string
	Changes                     []string
	Own                         bool
}

// policyPage is the page of policies.
type policyPage struct {
	Number   int
	Since    string
	Switches []switchView
	Routes   []routeView
	Always   []string
	Proposal *proposalView
	May      bool // the person may propose and activate
	Draft    bool // the form of a proposal is there
	Trial    *trialView
	Versions []versionView
}

// always are the ends of the texts that say what no choice changes.
func always() []string {
	return []string{"macro", "outside", "csv", "encrypted", "malware", "strict", "limits"}
}

func (c *Console) policies(w http.ResponseWriter, r *http.Request) {
	p := c.page(r, "policies.title")
	p.Here = policyPath
	c.told(r, p)
	body, err := c.policyBody(r, p)
	if err != nil {
		c.failed(w, r, err)
		return
	}
	p.Body = body
	c.show(w, r, http.StatusOK, "policy", p)
}

func (c *Console) policyBody(r *http.Request, p *page) (policyPage, error) {
	store, a := c.gateway.Policies(), sessionOf(r).account
	active := store.Active()
	body := policyPage{Number: active.Number, May: a.Can(account.Policies, ""), Trial: trialOf(p, c.gateway.Trial())}
	if active.Number > 0 {
		body.Since = when(active.Activated)
	}
	for _, id := range always() {
		body.Always = append(body.Always, p.say("policies.always."+id))
	}
	proposal, waits, err := store.Proposal()
	if err != nil {
		return body, err
	}
	shown := active.Rules()
	if waits {
		body.Proposal = &proposalView{
			ID: proposal.ID(), Who: proposal.Actor, When: when(proposal.Proposed), Reason: proposal.Reason, Back: backText(p, proposal.Back),
			Changes: changesOf(p, policy.Diff(active.Rules(), proposal.Rules)), Own: person.Same(proposal.Actor, a.Name),
		}
	} else if t := c.gateway.Trial(); t.Actor == a.Name && t.Base == active.Number { // what the person was trying is not typed anew
		shown = t.Rules
	}
	body.Draft = body.May && !waits
	if !body.Draft {
		shown = active.Rules()
	}
	for _, s := range policy.Switches() {
		on := *s.Of(&shown)
		body.Switches = append(body.Switches, switchView{
			Name: s.Name, Title: p.say("switch." + s.Name), Effect: p.say("switch." + s.Name + ".effect"), State: p.say("policies." + onOff(on)), On: on,
		})
	}
	body.Routes = c.routeViews(p, shown)
	body.Versions, err = versionsOf(p, store)
	return body, err
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// routeViews lists the routes with what can be chosen for each.
func (c *Console) routeViews(p *page, r policy.Rules) []routeView {
	configured := c.gateway.Configured()
	var all []routeView
	for _, name := range c.gateway.Routes("") {
		v := routeView{Name: name, Field: "route:" + name, Policy: p.say("policy." + r.PolicyOf(name, configured[name]))}
		v.Choices = append(v.Choices, choice{"", p.say("policies.configured", "Policy", p.say("policy.short."+configured[name])), r.Routes[name] == ""})
		for _, id := range policy.Names() {
			v.Choices = append(v.Choices, choice{id, p.say("policy." + id), r.Routes[name] == id})
		}
		all = append(all, v)
	}
	return all
}

// changesOf says changes, one a line.
func changesOf(p *page, all []policy.Change) []string {
	lines := make([]string, len(all))
	for i, ch := range all {
		if ch.Name == "route" {
			lines[i] = p.say("policies.change.route", "Route", ch.Route, "Old", routeWord(p, ch.Old), "New", routeWord(p, ch.New))
			continue
		}
		lines[i] = p.say("policies.change", "Switch", p.say("switch."+ch.Name), "Old", p.say("policies."+ch.Old), "New", p.say("policies."+ch.New))
	}
	return lines
}

func routeWord(p *page, name string) string {
	if name == "" {
		return p.say("policies.asconfigured")
	}
	return p.say("policy.short." + name)
}

// backText says to which version something goes back; "": to none.
func backText(p *page, back int) string {
	if back == policy.None {
		return ""
	}
	return p.say("policies.back.to", "Number", strconv.Itoa(back))
}

// maxVersions is how many versions the page shows, the newest first.
const maxVersions = 50

func versionsOf(p *page, store *policy.Store) ([]versionView, error) {
	active := store.Active().Number
	var all []versionView
	for n := active; n >= 0 && len(all) < maxVersions; n-- {
		v, err := store.Version(n)
		if err != nil {
			return nil, err
		}
		view := versionView{Number: n, Now: n == active}
		if n > 0 {
			before, err := store.Version(n - 1)
			if err != nil {
				return nil, err
			}
			view.Since, view.Who, view.Second = when(v.Activated), v.Proposal.Actor, v.Activator
			view.Reason, view.Agreed, view.Back = v.Proposal.Reason, v.Reason, backText(p, v.Proposal.Back)
			view.Changes = changesOf(p, policy.Diff(before.Rules(), v.Rules()))
		}
		all = append(all, view)
	}
	return all, nil
}

// rulesOf reads the rules of a form. A switch that is not there is off; a route that is not there is as configured.
func (c *Console) rulesOf(form url.Values) policy.Rules {
	var r policy.Rules
	for _, s := range policy.Switches() {
		*s.Of(&r) = form.Get(s.Name) == "yes"
	}
	for _, route := range c.gateway.Routes("") {
		if name := form.Get("route:" + route); name != "" {
			if r.Routes == nil {
				r.Routes = map[string]string{}
			}
			r.Routes[route] = name
		}
	}
	return r
}

// doPropose proposes the rules of the form, or those of an earlier version.
func (c *Console) doPropose(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		c.problem(w, r, http.StatusUnprocessableEntity, "input")
		return
	}
	back, rules := policy.None, policy.Rules{}
	if text := r.PostForm.Get("back"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			c.problem(w, r, http.StatusUnprocessableEntity, "input")
			return
		}
		back = n
	} else {
		rules = c.rulesOf(r.PostForm)
	}
	err := c.gateway.Policies().Propose(r.Context(), sessionOf(r).account.Name, reasonOf(r), rules, back)
	c.ended(w, r, err, "policies.proposed")
}

// reasonOf returns the reason that a form gives.
func reasonOf(r *http.Request) string { return strings.TrimSpace(r.PostFormValue("reason")) }

// doActivate brings the proposal into force, by somebody who did not make it and has just proved again who it is.
func (c *Console) doActivate(w http.ResponseWriter, r *http.Request) {
	a := sessionOf(r).account
	if p, ok, err := c.gateway.Policies().Proposal(); err == nil && ok && person.Same(p.Actor, a.Name) {
		c.problem(w, r, http.StatusConflict, "policy.same")
		return
	}
	if !c.stepUp(w, r) {
		return
	}
	c.ended(w, r, c.gateway.Policies().Activate(r.Context(), a.Name, reasonOf(r), r.PostFormValue("proposal")), "policies.activated")
}

// stepUp reports whether a person has just proved again who it is, by a new code of the second factor. It answers itself when not.
func (c *Console) stepUp(w http.ResponseWriter, r *http.Request) bool {
	result, err := c.accounts.CheckTOTP(r.Context(), attempt(r, sessionOf(r).account.Name, ""), r.PostFormValue("code"))
	if err != nil {
		c.failed(w, r, err)
		return false
	}
	if result != account.Signed {
		c.problem(w, r, http.StatusForbidden, "code")
		return false
	}
	return true
}

// doWithdraw takes the proposal back.
func (c *Console) doWithdraw(w http.ResponseWriter, r *http.Request) {
	c.ended(w, r, c.gateway.Policies().Withdraw(r.Context(), sessionOf(r).account.Name, r.PostFormValue("proposal")), "policies.withdrawn")
}

// ended ends an action about policies: with the page and a message, or with why it was not possible.
func (c *Console) ended(w http.ResponseWriter, r *http.Request, err error, done string) {
	for _, known := range []struct {
		is     error
		id     string
		status int
	}{
		{policy.ErrSamePerson, "policy.same", http.StatusConflict}, {policy.ErrPending, "policy.pending", http.StatusConflict},
		{policy.ErrNone, "policy.none", http.StatusConflict}, {policy.ErrSame, "policy.nothing", http.StatusUnprocessableEntity},
		{policy.ErrReason, "reason", http.StatusUnprocessableEntity}, {policy.ErrRules, "input", http.StatusUnprocessableEntity},
		{policy.ErrBusy, "policy.busy", http.StatusConflict}, {fs.ErrNotExist, "input", http.StatusUnprocessableEntity},
		{ErrTooLarge, "drop.too-large", http.StatusRequestEntityTooLarge}, {errForm, "drop.form", http.StatusBadRequest},
	} {
		if errors.Is(err, known.is) {
			c.problem(w, r, known.status, known.id)
			return
		}
	}
	if err != nil {
		c.failed(w, r, err)
		return
	}
	c.tell(r.Context(), "good", done)
	to := policyPath
	if strings.HasPrefix(r.URL.Path, tryPath) {
		to += "#trial"
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// maxFields bounds the fields of a form that comes with a file.
const maxFields = 2000

// doTry begins to try rules: those of the proposal when the form names it, else its own. With a file it is tried on that, else on
// those of the last days. The fields come before the file.
func (c *Console) doTry(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	r.Body = http.MaxBytesReader(w, struct {
		io.Reader
		io.Closer
	}{&patientReader{r: r.Body, control: control}, r.Body}, c.gateway.Limit()+maxForm)
	form, err := r.MultipartReader()
	if err != nil {
		c.problem(w, r, http.StatusUnsupportedMediaType, "drop.form")
		return
	}
	w.Header().Set("Connection", "close") // the rest of what it brings may not be read
	c.ended(w, r, c.tryForm(r, form), "policies.trying")
}

func (c *Console) tryForm(r *http.Request, form *multipart.Reader) error {
	actor, values := sessionOf(r).account.Name, url.Values{}
	for range maxFields {
		part, err := form.NextRawPart()
		if errors.Is(err, io.EOF) {
			days, err := strconv.Atoi(values.Get("days"))
			if err != nil || days < 1 || days > policy.MaxTrialDays {
				return fmt.Errorf("%w: days", policy.ErrRules)
			}
			rules, err := c.tryRules(values)
			if err != nil {
				return err
			}
			return c.gateway.TryHeld(r.Context(), actor, rules, days)
		}
		if err != nil {
			return formError(err)
		}
		untrusted, isFile := fileName(part)
		if isFile && untrusted != "" {
			rules, err := c.tryRules(values)
			if err == nil && !slices.Contains(c.gateway.Routes(""), values.Get("as")) {
				err = fmt.Errorf("%w: no such route", policy.ErrRules)
			}
			if err != nil {
				return err
			}
			return formError2(c.gateway.TryFile(r.Context(), actor, rules, values.Get("as"), untrusted, part))
		}
		text, err := io.ReadAll(io.LimitReader(part, maxPart))
		if err != nil {
			return formError(err)
		}
		if !isFile {
			values.Add(part.FormName(), string(text))
		}
	}
	return fmt.Errorf("%w: more than %d fields", errForm, maxFields)
}

// formError2 is formError where there may be none.
func formError2(err error) error {
	if err == nil {
		return nil
	}
	return formError(err)
}

// tryRules returns the rules that a form wants tried.
func (c *Console) tryRules(values url.Values) (policy.Rules, error) {
	id := values.Get("proposal")
	if id == "" {
		return c.rulesOf(values), nil
	}
	p, ok, err := c.gateway.Policies().Proposal()
	if err == nil && (!ok || p.ID() != id) {
		err = policy.ErrNone
	}
	return p.Rules, err
}

// doEndTrial ends the trial.
func (c *Console) doEndTrial(w http.ResponseWriter, r *http.Request) {
	c.gateway.EndTrial()
	http.Redirect(w, r, policyPath+"#trial", http.StatusSeeOther)
}

// trialView is a trial as a page shows it.
type trialView struct {
	Lead, Who   string
	Goes        bool
	Done, Total int
	LeftOut     int
	Late        bool
	Rules       []string // what was tried, against what is in force
	Shown       []triedView

	Changed, Same, Failed int

	Whys []sum
}

// triedView is one file of which something else would become.
type triedView struct {
	Name, ID  string
	Now, Then string
	Taken     []takenView
}

// trialOf shows a trial; nil: there was none since the gateway started.
func trialOf(p *page, t policy.Trial) *trialView {
	if t.Begun.IsZero() {
		return nil
	}
	v := &trialView{Who: t.Actor, Goes: t.Ended.IsZero(), Done: len(t.Files), Total: t.Total, LeftOut: t.LeftOut, Late: t.Late}
	v.Lead = p.say("policies.trial.days", "Days", strconv.Itoa(t.Days), "When", when(t.Begun))
	if t.Days == 0 {
		v.Lead = p.say("policies.trial.file", "When", when(t.Begun))
	}
	v.Rules = changesOf(p, policy.Diff(t.Was, t.Rules))
	whys := map[string]int{}
	for _, f := range t.Files {
		switch {
		case f.Why != "":
			v.Failed++
			whys[f.Why]++
		case f.Changed:
			v.Changed++
		default:
			v.Same++
		}
		if f.Why == "" && (f.Changed || t.Days == 0) {
			v.Shown = append(v.Shown, triedView{
				Name: f.Name, ID: f.Job, Now: outcomeText(p, f.Now), Then: outcomeText(p, f.Then), Taken: takenOf(p, findingsOfTrial(f.Then)),
			})
		}
	}
	for _, why := range policy.Whys() {
		if whys[why] > 0 {
			v.Whys = append(v.Whys, sum{p.say("policies.why." + why), whys[why]})
		}
	}
	return v
}

// outcomeText says what becomes of a file.
func outcomeText(p *page, o policy.Outcome) string {
	name := p.say("policy.short." + o.Policy)
	switch o.Verdict {
	case "clean":
		return p.say("policies.outcome.clean", "Policy", name)
	case "blocked":
		return p.say("policies.outcome.blocked")
	}
	return p.say("policies.outcome.held", "Policy", name, "Reason", reasonText(p, string(o.Reason)))
}

// findingsOfTrial returns what was found in a file that was tried.
func findingsOfTrial(o policy.Outcome) []audit.Finding {
	all := make([]audit.Finding, len(o.Findings))
	for i, f := range o.Findings {
		all[i] = audit.Finding{Rule: f.Rule, Action: string(f.Action), Where: f.Where, Count: f.Count}
	}
	return all
}
