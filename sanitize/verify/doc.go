// Package verify judges outgoing bytes, with other code than the code that wrote them.
//
// A rebuild may have a bug. Then a judge is what stops the file: it holds the file against what our writers write,
// byte by byte where the format allows it, and against what may never leave. A judge shares nothing with a rebuild:
// no package of this tree imports a format or sanitize/internal. It repairs nothing and tolerates nothing. What a
// judge does not know is a violation, although the same thing may be ordinary in files made by others.
//
//	released bytes ──► Set.Check ──► Judge of the format ──► nil, or a Violation
//	                       ▲                  │
//	                       └── Pass.Member ◄──┘   a picture, a part, an entry: type by content, never by trust
//
// The Set alone holds the budgets of a run (depth, number of members, expanded bytes), so that no judge can forget
// them. A panic in a judge is a violation.
package verify
