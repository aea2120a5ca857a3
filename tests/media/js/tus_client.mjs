// Drives tus-js-client against a server, as a browser would: node tus_client.mjs CASE URL TOKEN FILE
import { createReadStream, statSync } from 'node:fs';
import * as tus from 'tus-js-client';

const [, , kind, endpoint, token, file] = process.argv;
const size = statSync(file).size;
const common = {
  endpoint,
  headers: { Authorization: `Bearer ${token}` },
  metadata: { filename: 'from-js.mp4', filetype: 'video/mp4' },
  retryDelays: [0, 200, 500],
};

function send(options) {
  return new Promise((resolve, reject) => {
    const seen = { requests: [], lecture: '' };
    const upload = new tus.Upload(createReadStream(file), {
      ...common,
      ...options,
      onAfterResponse: (request, response) => {
        seen.requests.push(`${request.getMethod()} ${response.getStatus()}`);
        seen.lecture = response.getHeader('Lecture-Id') || seen.lecture;
      },
      onError: reject,
      onSuccess: () => resolve({ ...seen, url: upload.url }),
    });
    upload.start();
  });
}

const cases = {
  whole: () => send({}),
  pieces: () => send({ chunkSize: 700_000 }),
  parallel: () => send({ parallelUploads: 3 }),
  // Stops after the first piece, then begins a new upload object at the address of the first.
  resumed: async () => {
    let url = '';
    await new Promise((resolve, reject) => {
      const upload = new tus.Upload(createReadStream(file), {
        ...common,
        chunkSize: 500_000,
        uploadSize: size,
        onError: reject,
        onChunkComplete: () => {
          url = upload.url;
          upload.abort().then(resolve, reject);
        },
      });
      upload.start();
    });
    return send({ uploadUrl: url, chunkSize: 900_000 });
  },
};

cases[kind]().then(
  (answer) => console.log(JSON.stringify(answer)),
  (error) => {
    console.error(String(error));
    process.exit(1);
  },
);
