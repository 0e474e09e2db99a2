// ONNX Runtime's own builds for Linux and macOS report their use to Microsoft unless told not to before
// they are loaded. Nothing of ours talks to a network unasked.
process.env.ORT_DISABLE_TELEMETRY = '1';
