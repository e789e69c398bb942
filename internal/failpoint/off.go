//go:build !failpoints

package failpoint

import "time"

// At does nothing in a program that ships.
func At(string) {}

// Pause returns d in a program that ships.
func Pause(d time.Duration) time.Duration { return d }
