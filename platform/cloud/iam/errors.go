package iam

import (
	"fmt"
	"net/http"

	"github.com/weirstream/weir/platform/cloud/wire"
)

func noSuchEntity(kind, name string) error {
	return &wire.Error{
		Code: "NoSuchEntity", Message: "The " + kind + " " + name + " cannot be found.", Status: http.StatusNotFound,
	}
}

func alreadyExists(kind, name string) error {
	return &wire.Error{
		Code: "EntityAlreadyExists", Message: kind + " with name " + name + " already exists.", Status: http.StatusConflict,
	}
}

func deleteConflict(what string) error {
	return &wire.Error{
		Code: "DeleteConflict", Message: "Cannot delete entity, must delete " + what + " first.", Status: http.StatusConflict,
	}
}

func limitExceeded(format string, args ...any) error {
	return &wire.Error{
		Code: "LimitExceeded", Message: fmt.Sprintf(format, args...), Status: http.StatusConflict,
	}
}

func validationError(format string, args ...any) error {
	return wire.Errorf("ValidationError", format, args...)
}
