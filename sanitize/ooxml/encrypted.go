package ooxml

import (
	"context"
	"fmt"
	"io"

	"sekisho/sanitize"
	"sekisho/sanitize/ooxml/internal/compound"
	"sekisho/sanitize/ooxml/internal/offcrypto"
)

// Encrypted is an Office document that is encrypted as a whole: a compound file with the package in it
// (MS-OFFCRYPTO 2.3.4). With its password it becomes the document in it, rebuilt, and no longer encrypted.
type Encrypted struct{}

var _ sanitize.Format = Encrypted{}

const (
	infoStream    = "EncryptionInfo"
	packageStream = "EncryptedPackage"

	// defaultPassword is what Excel tries before it asks for one (MS-OFFCRYPTO 2.4.2.3): a workbook under it opens
	// like one without a password.
	defaultPassword = "VelvetSweatshop"
)

// Info implements sanitize.Format.
func (Encrypted) Info() sanitize.Info {
	info := sanitize.Info{ID: "ooxml-encrypted", Name: "暗号化された Office 文書 / Encrypted Office document", MIME: "application/x-ole-storage"}
	for _, v := range Variants() {
		info.Extensions = append(info.Extensions, variants[v].id)
	}
	return info
}

// Detect implements sanitize.Format.
func (Encrypted) Detect(in sanitize.Input) bool {
	if string(in.Head(len(compound.Magic))) != compound.Magic {
		return false
	}
	f, err := compound.Open(in)
	return err == nil && f.Has(infoStream) && f.Has(packageStream)
}

// Rebuild implements sanitize.Format. The report is that of the document inside. Without the right password it fails
// with ErrEncrypted.
func (e Encrypted) Rebuild(ctx context.Context, in sanitize.Input, out io.Writer, pass sanitize.Pass) (sanitize.Report, error) {
	plain, err := e.open(ctx, in, pass)
	if err != nil {
		return sanitize.Report{}, fmt.Errorf("cannot open encrypted document: %w", err)
	}
	report, err := pass.Member(ctx, "", sanitize.BytesInput(plain), out)
	if err != nil {
		return report, err
	}
	if _, ok := packageType(report.Output); !ok {
		return report, fmt.Errorf("cannot rebuild encrypted document: %w: it holds %s", sanitize.ErrMalformed, report.Type)
	}
	report.Add(ruleEncryption, sanitize.Removed, "")
	return report, nil
}

func (Encrypted) open(ctx context.Context, in sanitize.Input, pass sanitize.Pass) ([]byte, error) {
	f, err := compound.Open(in)
	if err != nil {
		return nil, err
	}
	info, err := f.Stream(infoStream, pass.Expand)
	if err != nil {
		return nil, err
	}
	stream, err := f.Stream(packageStream, pass.Expand)
	if err != nil {
		return nil, err
	}
	passwords := append([]string{defaultPassword}, pass.Passwords...)
	return offcrypto.Decrypt(ctx, info, stream, passwords)
}
