# What a contributor needs; CONTRIBUTING.md has more.
.PHONY: demo test docs api licenses package

# A whole pipeline against stand-ins of AWS and of a lab.
demo: ; scripts/demo
# Everything that a change must pass.
test: ; scripts/test
# Links between pages, and the documentation of the libraries.
docs: ; scripts/docs
# The libraries' API, compared with the recorded commit's.
api: ; scripts/api-check
# The notices of what is linked, anew.
licenses: ; scripts/licenses
# The Debian package.
package: ; scripts/package
