package account

import (
	"slices"
	"testing"
)

// TestApprovesAs: in which roles a person approves is a matter of office; a lent right is an approver's and no administrator's.
func TestApprovesAs(t *testing.T) {
	for name, c := range map[string]struct {
		a    Account
		want []Role
	}{
		"an approver of the office":  {Account{Office: "税務課", Roles: []Role{Approver}}, []Role{Approver}},
		"an approver of another":     {Account{Office: "総務課", Roles: []Role{Approver}}, nil},
		"an approver of several":     {Account{Office: "総務課", Roles: []Role{Approver}, Approves: []string{"税務課"}}, []Role{Approver}},
		"an administrator":           {Account{Office: "情報課", Roles: []Role{Admin}}, []Role{Admin}},
		"both":                       {Account{Office: "税務課", Roles: []Role{Admin, Approver}}, []Role{Approver, Admin}},
		"who was lent the right":     {Account{Office: "総務課", Roles: []Role{Staff}, Lent: []string{"税務課"}}, []Role{Approver}},
		"who was lent another right": {Account{Office: "税務課", Roles: []Role{Staff}, Lent: []string{"総務課"}}, nil},
		"who is kept out":            {Account{Office: "税務課", Roles: []Role{Admin, Approver}, Disabled: true}, nil},
		"staff":                      {Account{Office: "税務課", Roles: []Role{Staff}}, nil},
		"an operator, an auditor":    {Account{Roles: []Role{Operator, Auditor}}, nil},
	} {
		if got := c.a.ApprovesAs("税務課"); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
