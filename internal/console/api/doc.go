// Package api is the console for programs: the same actions as JSON over HTTP, with tokens.
//
//	Authorization: Bearer sekisho_…  ─► account with the token's roles ─► may it? is it of its office? ─► action, on record
//
// A cookie opens nothing here, so no page of another origin can use a person's sign-in. What belongs to another office answers as
// what does not exist. Approving the release of an original wants a one-time code of the person with the token: a program alone
// is nobody's second person. Accounts are not changed here at all.
//
// The routes are one table (routes.go), from which the OpenAPI document is made, so that neither can say what the other does not.
package api
