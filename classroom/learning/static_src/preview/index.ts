// The preview's pages run the learner's own scripts; this entry brings what marks them as a preview.
import './index.css';
