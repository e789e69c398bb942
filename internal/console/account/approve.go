package account

import "slices"

// ApprovesAs returns the roles in which the person may approve for an office: Admin, and Approver, the own right or a lent one.
func (a Account) ApprovesAs(office string) []Role {
	var roles []Role
	if a.Disabled {
		return nil
	}
	if a.Has(Approver) && a.covers(Approver, office) || len(a.Lent) > 0 && within(a.Lent, office) {
		roles = append(roles, Approver)
	}
	if slices.Contains(a.Roles, Admin) {
		roles = append(roles, Admin)
	}
	return roles
}
