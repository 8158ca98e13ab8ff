#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace tessera {

/// What a user sees when something fails: one line that says what is wrong, where, what was
/// expected and what to do. The command line prints it and exits with 1.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
  /// Throws an error of the same type with another message.
  [[noreturn]] virtual void throw_again(const std::string& message) const { throw Error(message); }
};

/// The command was called wrongly; the command line exits with 2.
class UsageError : public Error {
 public:
  using Error::Error;
  [[noreturn]] void throw_again(const std::string& message) const override {
    throw UsageError(message);
  }
};

/// Throws Error with a formatted message.
template <class... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(fmt::format(format, std::forward<Args>(args)...));
}

/// Rethrows the Error in flight with `context` before its message ("context: message"), keeping its
/// type.
[[noreturn]] void rethrow_with_context(std::string_view context);

/// Runs `body`; an Error that leaves it gains `context`, such as the file or the key being read.
template <class Body>
decltype(auto) with_context(std::string_view context, Body&& body) {
  try {
    return std::forward<Body>(body)();
  } catch (const Error&) {
    rethrow_with_context(context);
  }
}

}  // namespace tessera
