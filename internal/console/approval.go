package console

import (
	"net/http"
	"slices"
	"strconv"

	"sekisho/internal/console/account"
	"sekisho/internal/console/index"
	"sekisho/internal/person"
	"sekisho/internal/quarantine"
)

// Codes lists the reasons that a person chooses from, for a request or an approval.
func (p *page) Codes() []choice {
	var all []choice
	for _, code := range quarantine.Codes() {
		all = append(all, choice{Value: string(code), Text: p.say("approvals.code." + string(code))})
	}
	return all
}

// byOf says who decides about a file, in which roles, and why.
func byOf(r *http.Request, f index.File, reason string) quarantine.By {
	a := sessionOf(r).account
	by := quarantine.By{Actor: a.Name, Code: quarantine.Code(r.PostFormValue("why")), Reason: reason}
	for _, role := range a.ApprovesAs(f.Office) {
		by.Roles = append(by.Roles, quarantine.Role(role))
	}
	return by
}

// mayApprove reports whether a person may make the next approval of a held file. The gateway looks at all of it again.
func (c *Console) mayApprove(a account.Account, office string, e quarantine.Entry) bool {
	role, has, needs := c.gateway.Next(e)
	own := person.Same(e.State.Requester(), a.Name) || slices.ContainsFunc(e.State.Approvals(), func(done quarantine.Approval) bool { return person.Same(done.Actor, a.Name) })
	return e.State.Stage == quarantine.Requested && !own && has < needs && a.Can(account.Approve, office) &&
		(role == quarantine.Anyone || slices.Contains(a.ApprovesAs(office), account.Role(role)))
}

// approvalView says how far the approvals of a file are.
type approvalView struct {
	Has, Needs int
	Next       string   // whose turn it is
	By         []string // who approved
	Own        string   // why it is not this person's turn; "" when it is
}

// approvalOf shows the approvals of a file that was asked for; nil: it was not.
func (c *Console) approvalOf(p *page, a account.Account, office string, e quarantine.Entry) *approvalView {
	if e.State.Stage != quarantine.Requested {
		return nil
	}
	role, has, needs := c.gateway.Next(e)
	v := &approvalView{Has: has, Needs: needs, Next: p.say("approvals.turn.anyone")}
	if role != quarantine.Anyone {
		v.Next = p.say("approvals.turn." + string(role))
	}
	done := e.State.Approvals()
	for _, d := range done[:min(has, len(done))] {
		v.By = append(v.By, d.Actor)
	}
	switch {
	case c.mayApprove(a, office, e):
	case person.Same(e.State.Requester(), a.Name):
		v.Own = p.say("approvals.own")
	case slices.Contains(v.By, a.Name):
		v.Own = p.say("approvals.own.done")
	default:
		v.Own = p.say("approvals.own.not")
	}
	return v
}

// decisionText is the reason of a decision: the one from the list, and the person's words.
func decisionText(p *page, d quarantine.Decision) string {
	if d.Code == "" || !slices.Contains(quarantine.Codes(), d.Code) {
		return d.Reason
	}
	return p.say("approvals.code."+string(d.Code)) + " " + d.Reason
}

// approve approves what another person asked for, by somebody who has just proved again who it is.
func (c *Console) approve(w http.ResponseWriter, r *http.Request, f index.File, reason string) {
	if f.Requester == sessionOf(r).account.Name {
		c.problem(w, r, http.StatusConflict, "same")
		return
	}
	if !c.stepUp(w, r) {
		return
	}
	released, err := c.gateway.Approve(r.Context(), f.ID, byOf(r, f, reason))
	done := "approvals.endorsed"
	if released {
		done = "held.done.approve"
	}
	c.decided(w, r, err, "/held/"+f.ID, done)
}

// approvalRow is one request that waits for approval.
type approvalRow struct {
	fileView
	Requester, Asked, Why string
	Approval              *approvalView
	Count                 string
}

func (c *Console) approvals(w http.ResponseWriter, r *http.Request) {
	a := sessionOf(r).account
	p := c.page(r, "approvals.title")
	c.told(r, p)
	list, err := c.index.Files(r.Context(), index.Filter{Scope: scope(a, account.Approve), States: []index.State{index.Requested}}, place(r.URL), pageSize)
	if err != nil {
		c.failed(w, r, err)
		return
	}
	var rows []approvalRow
	for _, f := range list.Files {
		row := approvalRow{fileView: viewOf(p, f), Requester: f.Requester, Asked: when(f.RequestedAt)}
		if e, err := c.gateway.Held(r.Context(), f.ID); err == nil {
			for _, d := range e.State.Decisions {
				if d.What == quarantine.DidRequest {
					row.Why = decisionText(p, d)
				}
			}
			if row.Approval = c.approvalOf(p, a, f.Office, e); row.Approval != nil {
				row.Count = p.say("approvals.count", "Has", strconv.Itoa(row.Approval.Has), "Needs", strconv.Itoa(row.Approval.Needs))
			}
		}
		rows = append(rows, row)
	}
	p.Body = struct {
		List []approvalRow
		More pager
	}{rows, pageLink(p, r.URL, list.Next)}
	c.show(w, r, http.StatusOK, "approvals", p)
}
