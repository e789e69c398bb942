package wire

// Finding is what a probing child found out about one layer by trying it.
type Finding struct {
	Holds    bool   `json:"holds"`
	Evidence string `json:"evidence"` // what was tried and what came of it
}

// Probe is what a probing child tells before it tries the system call filter, which it does not survive.
type Probe struct {
	Namespaces map[string]string `json:"namespaces"` // links of /proc/self/ns
	Open       []string          `json:"open"`       // what was possible that name spaces should hold
	Tried      int               `json:"tried"`      // how many such things were tried
	Layers     map[Layer]Finding `json:"layers"`
}

// ProbeEntered is the byte that a probing child sends when the filter is loaded, and ProbeSurvived when it outlived a
// forbidden system call.
const (
	ProbeEntered  = 'F'
	ProbeSurvived = 'X'
)
