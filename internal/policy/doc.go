// Package policy keeps what people chose of what the policies do, in versions.
//
//	policy/v000001.json   one version, written once when it came into force; the newest is in force
//	       proposal.json  what somebody proposes to be the next one
//
//	propose ──► proposal ──► (another person) activate ──► the next version
//	                    └──► withdraw
//
// Promises. Who proposes cannot activate. What is not on record does not happen. A power cut leaves the version from before or
// the next one, never half of one. No choice makes a policy keep more than it does as it is shipped, so that the LGWAN zone,
// which judges by the shipped policies, needs to know of none; `strict` stays as it is shipped. Going back to an earlier version
// is proposing its choices anew: versions are never changed and never disappear.
package policy
