package iam

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// AWS's quotas on managed policies.
const (
	maxPolicies           = 1500 // of the account's own
	maxPolicyVersions     = 5
	maxAttached           = 10   // to one user or role
	maxManagedPolicyChars = 6144 // of a version, white space not counted
)

// managedPolicy is a policy with an ARN, attached to any number of users and
// roles. Guarded by Service.mu; AWS's own never change but for attachments.
type managedPolicy struct {
	name        string
	path        string
	id          string
	arn         string
	description string
	created     time.Time
	updated     time.Time
	versions    []*policyVersion // oldest first
	standard    int              // number of the default version
	last        int              // highest number ever given: none is given twice
	attachments int
}

// policyVersion never changes once it is made.
type policyVersion struct {
	number     int
	text       string
	statements []statement
	created    time.Time
}

// awsPolicyPrefix is where AWS's own policies are, in an account called aws.
const awsPolicyPrefix = "arn:aws:iam::aws:policy/"

func (m *managedPolicy) byAWS() bool { return strings.HasPrefix(m.arn, awsPolicyPrefix) }

// standing is the version that decides: the default one. There always is one.
func (m *managedPolicy) standing() *policyVersion { return m.version(m.standard) }

func (m *managedPolicy) version(number int) *policyVersion {
	for _, v := range m.versions {
		if v.number == number {
			return v
		}
	}
	return nil
}

// compileVersion checks a document against the language and the size quota.
func compileVersion(text string, at time.Time) (*policyVersion, error) {
	statements, err := parsePolicy(text, nil)
	if err != nil {
		return nil, err
	}
	if countPolicy(text) > maxManagedPolicyChars {
		return nil, limitExceeded("Cannot exceed quota for PolicySize: %d", maxManagedPolicyChars)
	}
	return &policyVersion{text: text, statements: statements, created: at}, nil
}

// add gives a version the next number.
func (m *managedPolicy) add(v *policyVersion, standard bool) {
	m.last++
	v.number = m.last
	m.versions = append(m.versions, v)
	if standard {
		m.standard = v.number
	}
}

// managedView is a managed policy as replies show it.
type managedView struct {
	PolicyName                    string    `json:"PolicyName"`
	PolicyID                      string    `json:"PolicyId"`
	ARN                           string    `json:"Arn"`
	Path                          string    `json:"Path"`
	DefaultVersionID              string    `json:"DefaultVersionId"`
	AttachmentCount               int       `json:"AttachmentCount"`
	PermissionsBoundaryUsageCount int       `json:"PermissionsBoundaryUsageCount"`
	IsAttachable                  bool      `json:"IsAttachable"`
	Description                   string    `json:"Description,omitempty"` // in GetPolicy's reply only
	CreateDate                    time.Time `json:"CreateDate"`
	UpdateDate                    time.Time `json:"UpdateDate"`
}

func (m *managedPolicy) view() managedView {
	return managedView{
		PolicyName: m.name, PolicyID: m.id, ARN: m.arn, Path: m.path,
		DefaultVersionID: versionID(m.standard), AttachmentCount: m.attachments, IsAttachable: true,
		CreateDate: m.created, UpdateDate: m.updated,
	}
}

// versionView is a policy version as replies show it.
type versionView struct {
	Document         string    `json:"Document,omitempty"` // percent-encoded, in GetPolicyVersion's reply only
	VersionID        string    `json:"VersionId"`
	IsDefaultVersion bool      `json:"IsDefaultVersion"`
	CreateDate       time.Time `json:"CreateDate"`
}

func (m *managedPolicy) versionView(v *policyVersion) versionView {
	return versionView{VersionID: versionID(v.number), IsDefaultVersion: v.number == m.standard, CreateDate: v.created}
}

func versionID(number int) string { return "v" + strconv.Itoa(number) }

// policyInput is the input of actions on one managed policy.
type policyInput struct {
	PolicyARN string `json:"PolicyArn"`
}

// Validate checks the ARN.
func (in *policyInput) Validate() error {
	var c checks
	c.policyARN(in.PolicyARN)
	return c.err()
}

// versionInput is the input of actions on one version.
type versionInput struct {
	PolicyARN string `json:"PolicyArn"`
	VersionID string `json:"VersionId"`
}

var versionIDPattern = regexp.MustCompile(`^v[1-9][0-9]{0,8}$`)

// Validate checks the ARN and the version's form.
func (in *versionInput) Validate() error {
	var c checks
	c.policyARN(in.PolicyARN)
	switch {
	case in.VersionID == "":
		c.Null("versionId")
	case !versionIDPattern.MatchString(in.VersionID):
		c.Add("versionId", clip(in.VersionID), `Member must satisfy regular expression pattern: v[1-9][0-9]*(\.[A-Za-z0-9-]*)?`)
	}
	return c.err()
}

func (c *checks) policyARN(arn string) {
	switch {
	case arn == "":
		c.Null("policyArn")
	case len(arn) < 20:
		c.Add("policyArn", arn, "Member must have length greater than or equal to 20")
	case len(arn) > 2048:
		c.Add("policyArn", clip(arn), lengthAtMost(2048))
	}
}

func onPolicy(action, arn string) []wire.Access {
	return []wire.Access{{Action: action, Resource: arn}}
}

// lookUpManaged needs s.mu. AWS has hundreds of policies of its own; the ones
// that this cloud does not have are refused by name, not taken for missing.
func (s *Service) lookUpManaged(arn string) (*managedPolicy, error) {
	if m := s.managed[arn]; m != nil {
		return m, nil
	}
	if strings.HasPrefix(arn, awsPolicyPrefix) {
		return nil, wire.NotImplemented("the AWS-managed policy " + clip(arn))
	}
	return nil, noPolicy(arn)
}

// lookUpOwn is lookUpManaged for actions that change the policy, which nobody
// may do with AWS's.
func (s *Service) lookUpOwn(call *wire.Call, arn string) (*managedPolicy, error) {
	m, err := s.lookUpManaged(arn)
	if err != nil {
		return nil, err
	}
	if m.byAWS() {
		return nil, &wire.Error{ // U: AWS's wording
			Code: "AccessDenied", Status: http.StatusForbidden,
			Message: "User: " + call.Principal.ARN + " is not authorized to perform: iam:" + call.Operation +
				" on resource: policy " + arn,
		}
	}
	return m, nil
}

func (s *Service) lookUpVersion(in *versionInput) (*managedPolicy, *policyVersion, error) {
	m, err := s.lookUpManaged(in.PolicyARN)
	if err != nil {
		return nil, nil, err
	}
	number, _ := strconv.Atoi(in.VersionID[1:]) // Validate saw digits
	if v := m.version(number); v != nil {
		return m, v, nil
	}
	return nil, nil, &wire.Error{
		Code: "NoSuchEntity", Status: http.StatusNotFound,
		Message: "Policy " + in.PolicyARN + " version " + in.VersionID + " does not exist or is not attachable.",
	}
}

func noPolicy(arn string) error {
	return &wire.Error{Code: "NoSuchEntity", Message: "Policy " + clip(arn) + " was not found.", Status: http.StatusNotFound}
}

func conflict(message string) error {
	return &wire.Error{Code: "DeleteConflict", Message: message, Status: http.StatusConflict}
}

func errStillAttached() error {
	return conflict("Cannot delete entity, must detach all policies first.")
}

// attach is idempotent, as on AWS. kind is User or Role.
func (id *identity) attach(kind string, m *managedPolicy) error {
	if slices.Contains(id.attached, m) {
		return nil
	}
	if len(id.attached) >= maxAttached {
		return limitExceeded("Cannot exceed quota for PoliciesPer%s: %d", kind, maxAttached)
	}
	id.attached = append(id.attached, m)
	m.attachments++
	return nil
}

func (id *identity) detach(arn string) error {
	at := slices.IndexFunc(id.attached, func(m *managedPolicy) bool { return m.arn == arn })
	if at < 0 {
		return noPolicy(arn)
	}
	id.attached[at].attachments--
	id.attached = slices.Delete(id.attached, at, at+1)
	return nil
}

type attachedView struct {
	PolicyName string `json:"PolicyName"`
	PolicyARN  string `json:"PolicyArn"`
}

type attachedOutput struct {
	AttachedPolicies []attachedView `json:"AttachedPolicies"`
	pageOutput
}

func (id *identity) listAttached(page *pageInput, pathPrefix string) (*attachedOutput, error) {
	views := []attachedView{}
	for _, m := range id.attached {
		if strings.HasPrefix(m.path, pathPrefix) {
			views = append(views, attachedView{m.name, m.arn})
		}
	}
	views, rest, err := paginate(page, views, func(v attachedView) string { return v.PolicyARN })
	return &attachedOutput{views, rest}, err
}
