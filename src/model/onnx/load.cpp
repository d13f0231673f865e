#include "model/onnx/load.hpp"

#include <fcntl.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/wire_format_lite.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

#include "base/error.hpp"
#include "model/onnx/names.hpp"
#include "model/onnx/view.hpp"

namespace autonba::onnx_import {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

constexpr int kept_bytes = 64 * 1024;               // of a tensor: enough for shapes and indices
constexpr std::int64_t memory_limit = 128'000'000;  // of all that is kept, roughly
constexpr int deepest = 50;                         // messages within messages

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) {
    out.push_back(static_cast<char>(value | 0x80));
  }
  out.push_back(static_cast<char>(value));
}

void append_bytes(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) {
    out.push_back(static_cast<char>(value >> (8 * i)));
  }
}

/// What a TensorProto says of itself while it is read.
struct TensorFacts {
  std::string name;
  Dims dims;
  std::int64_t type = 0;
  std::int64_t location = 0;
  std::optional<std::int64_t> raw_bytes;
  std::int64_t values = 0;  // in the typed lists
};

/// Copies a message as it comes from the file, field by field.
class SlimReader {
 public:
  SlimReader(CodedInputStream& in, std::string file) : in_(in), file_(std::move(file)) {}

  /// Reads to the current limit.
  std::string message(const Descriptor& type, int depth) {
    std::string out;
    const bool is_tensor = type.name() == "TensorProto";
    TensorFacts facts;
    while (const std::uint32_t tag = in_.ReadTag()) {
      const int number = WireFormatLite::GetTagFieldNumber(tag);
      const FieldDescriptor* field = type.FindFieldByNumber(number);
      TensorFacts* of_tensor = is_tensor ? &facts : nullptr;
      switch (WireFormatLite::GetTagWireType(tag)) {
        case WireFormatLite::WIRETYPE_VARINT:
          number_field(tag, field, 0, out, of_tensor);
          break;
        case WireFormatLite::WIRETYPE_FIXED64:
          number_field(tag, field, 8, out, of_tensor);
          break;
        case WireFormatLite::WIRETYPE_FIXED32:
          number_field(tag, field, 4, out, of_tensor);
          break;
        case WireFormatLite::WIRETYPE_LENGTH_DELIMITED:
          long_field(tag, field, depth, out, of_tensor);
          break;
        default:
          damaged();
      }
    }
    if (!in_.ConsumedEntireMessage()) {
      damaged();
    }
    if (is_tensor) {
      check(facts);
    }
    return out;
  }

 private:
  [[noreturn]] void damaged() const {
    throw input_error("{}: is not a whole ONNX model: damaged, or cut short, near byte {}", file_,
                      in_.CurrentPosition());
  }

  void keep(std::int64_t bytes) {
    kept_ += bytes;
    if (kept_ > memory_limit) {
      throw input_error("{}: has more than {} MB of nodes and names, weights not counted", file_,
                        memory_limit / 1'000'000);
    }
  }

  /// `bytes`: 0 for a varint.
  void number_field(std::uint32_t tag, const FieldDescriptor* field, int bytes, std::string& out, TensorFacts* facts) {
    std::uint64_t value = 0;
    std::uint32_t half = 0;
    const bool read = bytes == 0   ? in_.ReadVarint64(&value)
                      : bytes == 8 ? in_.ReadLittleEndian64(&value)
                                   : in_.ReadLittleEndian32(&half);
    if (!read) {
      damaged();
    }
    keep(16);
    append_varint(out, tag);
    if (bytes == 0) {
      append_varint(out, value);
    } else {
      append_bytes(out, bytes == 8 ? value : half, bytes);
    }
    if (facts != nullptr && field != nullptr) {
      note_number(*facts, field->name(), static_cast<std::int64_t>(value));
    }
  }

  static void note_number(TensorFacts& facts, const std::string& field, std::int64_t value) {
    if (field == "dims") {
      facts.dims.push_back(value);
    } else if (field == "data_type") {
      facts.type = value;
    } else if (field == "data_location") {
      facts.location = value;
    } else if (field.ends_with("_data")) {
      ++facts.values;
    }
  }

  void long_field(std::uint32_t tag, const FieldDescriptor* field, int depth, std::string& out, TensorFacts* facts) {
    std::uint32_t length = 0;
    if (!in_.ReadVarint32(&length) || length > static_cast<std::uint32_t>(std::max(in_.BytesUntilLimit(), 0))) {
      damaged();
    }
    const int size = static_cast<int>(length);
    if (field == nullptr || field->name() == "doc_string") {
      skip(size);
      return;
    }
    std::string content;
    if (field->type() == FieldDescriptor::TYPE_MESSAGE) {
      if (depth == deepest) {
        throw input_error("{}: has messages that are nested more than {} deep", file_, deepest);
      }
      const CodedInputStream::Limit outer = in_.PushLimit(size);
      content = message(*field->message_type(), depth + 1);
      in_.PopLimit(outer);
    } else if (facts != nullptr && field->name().ends_with("_data")) {
      if (!tensor_data(*field, size, *facts, content)) {
        return;
      }
    } else if (!in_.ReadString(&content, size)) {
      damaged();
    } else if (facts != nullptr && field->name() == "name") {
      facts->name = content;
    } else if (facts != nullptr && field->name() == "dims") {
      note_packed_dims(*facts, content);
    }
    // Small messages and names take more room in memory than in the file.
    const bool numbers = field->is_packable();
    keep(static_cast<std::int64_t>(content.size()) * (numbers ? 8 : 1) + 256);
    append_varint(out, tag);
    append_varint(out, content.size());
    out += content;
  }

  void skip(int size) {
    if (!in_.Skip(size)) {
      damaged();
    }
  }

  /// Values of a tensor: whether they were kept.
  bool tensor_data(const FieldDescriptor& field, int size, TensorFacts& facts, std::string& content) {
    const std::string& name = field.name();
    if (name == "raw_data") {
      facts.raw_bytes = size;
    } else if (name == "string_data") {
      ++facts.values;
    } else if (name == "float_data" || name == "double_data") {
      facts.values += size / (name == "float_data" ? 4 : 8);
    } else if (name != "external_data") {
      facts.values += count_varints(size, content);
      return size <= kept_bytes;
    }
    if (size > kept_bytes) {
      skip(size);
      return false;
    }
    if (!in_.ReadString(&content, size)) {
      damaged();
    }
    return true;
  }

  std::int64_t count_varints(int size, std::string& content) {
    std::int64_t count = 0;
    std::string part;
    for (int left = size; left > 0; left -= kept_bytes) {
      if (!in_.ReadString(&part, std::min(left, kept_bytes))) {
        damaged();
      }
      count += std::count_if(part.begin(), part.end(), [](char c) { return (c & 0x80) == 0; });
      if (size <= kept_bytes) {
        content = part;
      }
    }
    return count;
  }

  void note_packed_dims(TensorFacts& facts, const std::string& content) const {
    CodedInputStream dims(reinterpret_cast<const std::uint8_t*>(content.data()), static_cast<int>(content.size()));
    std::uint64_t value = 0;
    while (dims.CurrentPosition() < static_cast<int>(content.size())) {
      if (!dims.ReadVarint64(&value)) {
        damaged();
      }
      facts.dims.push_back(static_cast<std::int64_t>(value));
    }
  }

  void check(const TensorFacts& facts) const {
    const std::string who = fmt::format("{}: tensor \"{}\"", file_, printable(facts.name));
    const std::optional<std::int64_t> elements = element_count(facts.dims);
    if (!elements) {
      throw input_error("{}: the dimensions {} are negative or too large", who, list_of(facts.dims));
    }
    if (facts.location == onnx::TensorProto::EXTERNAL) {
      return;
    }
    const bool complex = facts.type == onnx::TensorProto::COMPLEX64 || facts.type == onnx::TensorProto::COMPLEX128;
    std::int64_t found = facts.values / (complex ? 2 : 1);
    if (facts.raw_bytes) {
      const std::optional<int> width = element_bytes(static_cast<int>(facts.type));
      if (!width) {
        throw input_error("{}: has bytes of the unknown type {}", who, facts.type);
      }
      found = *facts.raw_bytes % *width == 0 ? *facts.raw_bytes / *width : -1;
    }
    if (found != *elements) {
      throw input_error("{}: holds {} values where its dimensions {} need {}", who, std::max<std::int64_t>(found, 0),
                        list_of(facts.dims), *elements);
    }
  }

  CodedInputStream& in_;
  std::string file_;
  std::int64_t kept_ = 0;
};

/// A file that is open for reading while this lives.
class OpenFile {
 public:
  explicit OpenFile(const std::filesystem::path& file) : descriptor_(::open(file.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~OpenFile() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

}  // namespace

std::optional<int> element_bytes(int data_type) {
  switch (data_type) {
    case onnx::TensorProto::UINT8:
    case onnx::TensorProto::INT8:
    case onnx::TensorProto::BOOL:
      return 1;
    case onnx::TensorProto::UINT16:
    case onnx::TensorProto::INT16:
    case onnx::TensorProto::FLOAT16:
    case onnx::TensorProto::BFLOAT16:
      return 2;
    case onnx::TensorProto::FLOAT:
    case onnx::TensorProto::INT32:
    case onnx::TensorProto::UINT32:
      return 4;
    case onnx::TensorProto::INT64:
    case onnx::TensorProto::UINT64:
    case onnx::TensorProto::DOUBLE:
    case onnx::TensorProto::COMPLEX64:
      return 8;
    case onnx::TensorProto::COMPLEX128:
      return 16;
    default:
      return std::nullopt;
  }
}

onnx::ModelProto load_model(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) {
    throw input_error("{}: is no file that can be read", file.string());
  }
  const std::uintmax_t size = std::filesystem::file_size(file, error);
  if (error || size > static_cast<std::uintmax_t>(std::numeric_limits<int>::max())) {
    throw input_error("{}: has more than 2 GB, which no ONNX file may have; larger weights go into external data",
                      file.string());
  }
  const OpenFile open(file);
  if (open.descriptor() < 0) {
    throw input_error("{}: cannot be opened", file.string());
  }
  google::protobuf::io::FileInputStream stream(open.descriptor());
  CodedInputStream in(&stream);
  in.PushLimit(static_cast<int>(size));
  SlimReader reader(in, file.string());
  onnx::ModelProto model;
  if (!model.ParseFromString(reader.message(*onnx::ModelProto::descriptor(), 0))) {
    throw input_error("{}: is not an ONNX model", file.string());
  }
  return model;
}

}  // namespace autonba::onnx_import
