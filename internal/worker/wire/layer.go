package wire

// Layer is one layer of the sandbox, by the name under which configuration may accept that it is missing.
type Layer string

// The layers.
const (
	NoNewPrivs Layer = "no-new-privs" // exec can raise no privilege
	Landlock   Layer = "landlock"     // no file can be opened, made or removed; no TCP port; no signal to outside
	Seccomp    Layer = "seccomp"      // only the system calls that the Go runtime needs to compute
	Namespaces Layer = "namespaces"   // own user, process, network, mount, IPC and host name space
	Rlimits    Layer = "rlimits"      // memory, CPU time, output size, descriptors, threads, no core file
	DeathKill  Layer = "death-signal" // the child is killed when the pool's process dies
)

// Layers returns all layers, in the order in which they are entered.
func Layers() []Layer { return []Layer{Namespaces, Rlimits, DeathKill, NoNewPrivs, Landlock, Seccomp} }

// Set is a set of layers, one bit each.
type Set uint8

// With returns s and l.
func (s Set) With(l Layer) Set { return s | bit(l) }

// Has reports whether l is in s.
func (s Set) Has(l Layer) bool { return s&bit(l) != 0 }

// Without returns the layers of s that are not in t.
func (s Set) Without(t Set) Set { return s &^ t }

// List returns the layers of s.
func (s Set) List() []Layer {
	var list []Layer
	for _, l := range Layers() {
		if s.Has(l) {
			list = append(list, l)
		}
	}
	return list
}

func bit(l Layer) Set {
	for i, known := range Layers() {
		if known == l {
			return 1 << i
		}
	}
	return 0
}
