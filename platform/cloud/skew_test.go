package cloud

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// TestSkewRefusesUntilTheCallerCorrectsItself skews the cloud beyond the five
// minutes that AWS allows: a caller that does not look at the Date is refused,
// AWS's SDK is refused once and then right.
func TestSkewRefusesUntilTheCallerCorrectsItself(t *testing.T) {
	t.Parallel()
	c, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	ask := func(attempts int) error {
		client := sts.NewFromConfig(aws.Config{
			Region: "us-east-1", BaseEndpoint: aws.String(c.Endpoint()), RetryMaxAttempts: attempts,
			Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
			HTTPClient:  &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
		})
		_, err := client.GetCallerIdentity(ctx, nil)
		return err
	}
	for _, by := range []time.Duration{7 * time.Minute, -11 * time.Minute} {
		undo := c.SkewSignatures(by)
		if err := ask(1); err == nil {
			t.Errorf("%v: one attempt passed", by)
		}
		if err := ask(2); err != nil {
			t.Errorf("%v: the SDK did not correct itself: %v", by, err)
		}
		undo()
		undo() // harmless
		if err := ask(1); err != nil {
			t.Errorf("%v: refused after the skew: %v", by, err)
		}
	}
	near := c.SkewSignatures(4 * time.Minute)
	further := c.SkewSignatures(4 * time.Minute)
	if err := ask(1); err == nil {
		t.Error("two skews of four minutes do not add up")
	}
	further()
	if err := ask(1); err != nil {
		t.Errorf("four minutes are refused: %v", err)
	}
	near()
}

// TestSkewJudgesByTheDateThatItTells has a skew begin while a call's body comes:
// refused with the true Date, its caller would not know what to correct.
func TestSkewJudgesByTheDateThatItTells(t *testing.T) {
	t.Parallel()
	c, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	const body = "Action=GetCallerIdentity&Version=2011-06-15"
	r := httptest.NewRequest(http.MethodPost, "/", &whenRead{r: strings.NewReader(body), do: func() { c.SkewSignatures(7 * time.Minute) }})
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.ContentLength = int64(len(body))
	hash := sha256.Sum256([]byte(body))
	test := aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}
	if err := v4.NewSigner().SignHTTP(t.Context(), test, r, hex.EncodeToString(hash[:]), "sts", "us-east-1", time.Now()); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Errorf("%d with the Date %q: %s", w.Code, w.Header().Get("Date"), w.Body)
	}
}

// whenRead does something before the first byte.
type whenRead struct {
	r  io.Reader
	do func()
}

func (w *whenRead) Read(b []byte) (int, error) {
	if w.do != nil {
		w.do()
		w.do = nil
	}
	return w.r.Read(b)
}
