package iam_test

import (
	"fmt"

	"pgregory.net/rapid"
)

// What the twins are made to do at random.

func (w *twins) pick(what string, of ...string) string {
	return rapid.SampledFrom(of).Draw(w.t, what)
}

func (w *twins) policy() string {
	return quote(allowPolicy(w.pick("action", "kinesis:Get*", "sqs:SendMessage", "sts:AssumeRole"), "*"))
}

func (w *twins) trust() string {
	return quote(trustAWS(w.pick("trustee", "*", accountRoot, "arn:aws:iam::123456789012:user/Bob", "arn:aws:iam::123456789012:role/s")))
}

func (w *twins) managed() string {
	return w.pick("managed policy", "arn:aws:iam::123456789012:policy/p", "arn:aws:iam::123456789012:policy/q",
		"arn:aws:iam::aws:policy/AmazonSQSFullAccess")
}

func (w *twins) onUsers(*rapid.T) {
	user := w.pick("user", "ann", "Bob")
	switch w.pick("act", "create", "delete", "put", "unput", "attach", "detach") {
	case "create":
		w.call("iam.CreateUser", `{"UserName":%q,"Path":"/x/"}`, user)
		w.call("iam.CreateUser", `{"UserName":%q}`, user)
	case "delete":
		w.call("iam.DeleteUser", `{"UserName":%q}`, user)
	case "put":
		w.call("iam.PutUserPolicy", `{"UserName":%q,"PolicyName":%q,"PolicyDocument":%s}`, user, w.pick("name", "i", "j"), w.policy())
	case "unput":
		w.call("iam.DeleteUserPolicy", `{"UserName":%q,"PolicyName":%q}`, user, w.pick("name", "i", "j"))
	case "attach":
		w.call("iam.AttachUserPolicy", `{"UserName":%q,"PolicyArn":%q}`, user, w.managed())
	case "detach":
		w.call("iam.DetachUserPolicy", `{"UserName":%q,"PolicyArn":%q}`, user, w.managed())
	}
}

func (w *twins) onRoles(*rapid.T) {
	role := w.pick("role", w.roles...)
	switch w.pick("act", "create", "delete", "trust", "put", "unput", "attach", "detach") {
	case "create":
		w.call("iam.CreateRole", `{"RoleName":%q,"Description":"d","MaxSessionDuration":7200,"AssumeRolePolicyDocument":%s}`, role, w.trust())
	case "delete":
		w.call("iam.DeleteRole", `{"RoleName":%q}`, role)
	case "trust":
		w.call("iam.UpdateAssumeRolePolicy", `{"RoleName":%q,"PolicyDocument":%s}`, role, w.trust())
	case "put":
		w.call("iam.PutRolePolicy", `{"RoleName":%q,"PolicyName":"i","PolicyDocument":%s}`, role, w.policy())
	case "unput":
		w.call("iam.DeleteRolePolicy", `{"RoleName":%q,"PolicyName":"i"}`, role)
	case "attach":
		w.call("iam.AttachRolePolicy", `{"RoleName":%q,"PolicyArn":%q}`, role, w.managed())
	case "detach":
		w.call("iam.DetachRolePolicy", `{"RoleName":%q,"PolicyArn":%q}`, role, w.managed())
	}
}

func (w *twins) onPolicies(*rapid.T) {
	arn, version := w.managed(), w.pick("version", "v1", "v2", "v3")
	switch w.pick("act", "create", "delete", "version", "version", "unversion", "standard") {
	case "create":
		w.call("iam.CreatePolicy", `{"PolicyName":%q,"Description":"d","PolicyDocument":%s}`, w.pick("name", "p", "q"), w.policy())
	case "delete":
		w.call("iam.DeletePolicy", `{"PolicyArn":%q}`, arn)
	case "version":
		w.call("iam.CreatePolicyVersion", `{"PolicyArn":%q,"SetAsDefault":%t,"PolicyDocument":%s}`, arn, rapid.Bool().Draw(w.t, "default"), w.policy())
	case "unversion":
		w.call("iam.DeletePolicyVersion", `{"PolicyArn":%q,"VersionId":%q}`, arn, version)
	case "standard":
		w.call("iam.SetDefaultPolicyVersion", `{"PolicyArn":%q,"VersionId":%q}`, arn, version)
	}
}

// onKeys makes, switches and deletes long-term keys and makes sessions.
func (w *twins) onKeys(*rapid.T) {
	user, made := w.pick("user", "ann", "Bob"), len(w.sides[0].keys)
	act := w.pick("act", "create", "create", "switch", "delete", "assume", "assume")
	switch {
	case act == "create":
		w.call("iam.CreateAccessKey", `{"UserName":%q}`, user)
	case act == "assume":
		w.call("sts.AssumeRole", `{"RoleArn":"arn:aws:iam::123456789012:role/%s","RoleSessionName":"tests"}`, w.pick("role", w.roles...))
	case made > 0:
		i, status := rapid.IntRange(0, made-1).Draw(w.t, "key"), w.pick("status", "Active", "Inactive")
		w.each(act, func(_ int, s *twin) string {
			id, err := s.keys[i].AccessKeyID, error(nil)
			if act == "switch" {
				_, err = s.do(s.root(), "iam.UpdateAccessKey", fmt.Sprintf(`{"UserName":%q,"AccessKeyId":%q,"Status":%q}`, user, id, status))
			} else {
				_, err = s.do(s.root(), "iam.DeleteAccessKey", fmt.Sprintf(`{"UserName":%q,"AccessKeyId":%q}`, user, id))
			}
			return fmt.Sprint(err)
		})
	}
}
